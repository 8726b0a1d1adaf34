"""Nothing that the uploads bucket wakes may write into it: one file would become an endless stream.

But for one door, which unpacks archives there, and may write anything but archives. People write there by way
of the API, whose door the bucket does not wake.
"""

from collections.abc import Iterator

from stack import Stack, listed, references, text

from medloop.rules.keys import ARCHIVES

WRITES = ("s3:Put", "s3:Delete", "s3:Restore", "s3:Copy", "s3:*", "*")

UNPACKS, OF_PEOPLE = "OnArchiveUploadedRole", "OnApiRequestRole"
NEVER = {f"${{UploadsBucket.Arn}}/*{ending}" for ending in ARCHIVES}


def problems(stack: Stack) -> Iterator[str]:
    announced = {name for name, b in stack.of_type("S3::Bucket").items() if "NotificationConfiguration" in b}
    for name, statement in stack.statements("IAM::Role"):
        writes = [action for action in listed(statement.get("Action")) if action.startswith(WRITES)]
        allowed = statement.get("Effect") == "Allow" and references(statement.get("Resource")) & announced
        if writes and allowed and not (name in (UNPACKS, OF_PEOPLE) and writes == ["s3:PutObject"]):
            yield f"{name} may {writes[0]} where objects wake functions"
    if denied(stack, UNPACKS) != NEVER:
        yield f"{UNPACKS} may write archives"
    listening = {name for name, b in stack.of_type("S3::Bucket").items() if listens(b)}
    yield from (f"{name} wakes functions directly" for name in listening)


def denied(stack: Stack, role: str) -> set[str]:
    """What the role may never write, whatever else allows it."""
    return {
        text(resource)
        for name, statement in stack.statements("IAM::Role")
        if name == role and statement.get("Effect") == "Deny" and statement.get("Action") == ["s3:PutObject"]
        for resource in listed(statement.get("Resource"))
    }


def listens(bucket: dict[str, object]) -> bool:
    """Whether the bucket notifies past EventBridge, where no rule filters."""
    configured = bucket.get("NotificationConfiguration", {})
    return isinstance(configured, dict) and bool(set(configured) - {"EventBridgeConfiguration"})


def test_no_role_may_write_where_objects_wake_functions(stack: Stack) -> None:
    assert not list(problems(stack))
