"""Tags of any resource, by its ARN."""

from local.sagemaker.listing import page
from local.sagemaker.service import SageMaker
from local.sagemaker.state import Record, State


def keep_tags(state: State, arn: str, tags: list[Record]) -> None:
    """Add to what the resource has; a key given again takes the new value."""
    if not tags:
        return
    with state.lock:
        kept = state.tags.get(arn) or {}
        state.tags.put(arn, {**kept, **{tag["Key"]: tag["Value"] for tag in tags}})


def add_tags(sagemaker: SageMaker, request: Record) -> Record:
    keep_tags(sagemaker.state, request["ResourceArn"], request["Tags"])
    return {"Tags": _tags(sagemaker.state, request["ResourceArn"])}


def list_tags(sagemaker: SageMaker, request: Record) -> Record:
    tags, token = page(_tags(sagemaker.state, request["ResourceArn"]), request, 50)
    return {"Tags": tags, "NextToken": token}


def _tags(state: State, arn: str) -> list[Record]:
    return [{"Key": key, "Value": value} for key, value in (state.tags.get(arn) or {}).items()]
