"""Something needs a person: a CloudWatch alarm, or a failure the platform names itself."""

from typing import Literal

from pydantic import Field

from events.message import Message, ProjectName, ServiceMessage

Severity = Literal["critical", "warning", "info"]


class AlarmStateChanged(ServiceMessage):
    """A CloudWatch alarm, as SNS delivers it raw to the alarms queue."""

    name: str = Field(alias="AlarmName")
    description: str | None = Field(alias="AlarmDescription", default=None)
    state: Literal["OK", "ALARM", "INSUFFICIENT_DATA"] = Field(alias="NewStateValue")
    before: str = Field(alias="OldStateValue", default="")
    changed_at: str = Field(alias="StateChangeTime", default="")


class AlertRaised(Message):
    """A failure with its reason, raised by a door. Free of patient data by construction."""

    kind: Literal["AlertRaised"] = "AlertRaised"
    name: str
    severity: Severity
    summary: str
    project: ProjectName | None = None
    dedup: str
    """Equal for repeats of the same trouble: one incident, not twenty."""
