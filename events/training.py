"""From the wish to train to a finished, gated job."""

from typing import Literal

from pydantic import Field

from events.message import Digest, Envelope, Message, ProjectName, ServiceMessage

Cause = Literal["schedule", "new_labels", "drift", "person"]


class RetrainingConsidered(Message):
    """Look whether training is due: for one project, or for all when none is named."""

    kind: Literal["RetrainingConsidered"] = "RetrainingConsidered"
    project: ProjectName | None = None
    cause: Cause = "schedule"
    request: str = ""
    """Names one wish of one person, so that a repeated message trains once."""


class TrainingRequested(Message):
    """Train this project on this dataset version. One request is one job, however often it arrives."""

    kind: Literal["TrainingRequested"] = "TrainingRequested"
    project: ProjectName
    dataset: Digest
    job: str = Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")
    """The SageMaker job name, chosen by the sender: the idempotency key of the whole arrow."""
    cause: Cause
    attempt: int = Field(default=0, ge=0)
    """How often this job has waited for capacity: the waits grow with it."""


class TrainingJobDetail(ServiceMessage):
    job: str = Field(alias="TrainingJobName")
    status: str = Field(alias="TrainingJobStatus")
    secondary_status: str = Field(alias="SecondaryStatus", default="")
    failure_reason: str = Field(alias="FailureReason", default="")


class TrainingJobStateChanged(Envelope[TrainingJobDetail]):
    """aws.sagemaker › SageMaker Training Job State Change, on the training-outcomes queue."""

    source: Literal["aws.sagemaker"]


class TrainingFinished(Message):
    """A job ended and the gate spoke, or it failed or was stopped and says why."""

    kind: Literal["TrainingFinished"] = "TrainingFinished"
    project: ProjectName
    job: str
    outcome: Literal["promoted", "refused", "failed", "stopped"]
    reason: str
