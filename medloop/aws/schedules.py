"""One-off EventBridge schedules that put one message onto a queue."""

from datetime import UTC, datetime

from botocore.exceptions import ClientError
from pydantic import BaseModel

from medloop.aws.clients import client


def schedule_once(name: str, at: datetime, queue_arn: str, role_arn: str, message: BaseModel) -> None:
    """Send `message` to the queue at that moment; a schedule of this name that is there already is moved.

    Schedules remove themselves after they fired.
    """
    moment = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    schedule = {
        "Name": name,
        "ScheduleExpression": f"at({moment})",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {"Arn": queue_arn, "RoleArn": role_arn, "Input": message.model_dump_json()},
    }
    scheduler = client("scheduler")
    try:
        scheduler.create_schedule(**schedule)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConflictException":
            raise
        scheduler.update_schedule(**schedule)
