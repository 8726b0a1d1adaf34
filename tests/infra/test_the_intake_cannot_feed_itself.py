"""Nothing that the uploads bucket wakes may write into it: one file would become an endless stream."""

from collections.abc import Iterator

from stack import Stack, listed, references

WRITES = ("s3:Put", "s3:Delete", "s3:Restore", "s3:Copy", "s3:*", "*")


def problems(stack: Stack) -> Iterator[str]:
    announced = {name for name, b in stack.of_type("S3::Bucket").items() if "NotificationConfiguration" in b}
    for name, statement in stack.statements("IAM::Role"):
        writes = [action for action in listed(statement.get("Action")) if action.startswith(WRITES)]
        if writes and references(statement.get("Resource")) & announced:
            yield f"{name} may {writes[0]} where objects wake functions"
    listening = {name for name, b in stack.of_type("S3::Bucket").items() if listens(b)}
    yield from (f"{name} wakes functions directly" for name in listening)


def listens(bucket: dict[str, object]) -> bool:
    """Whether the bucket notifies past EventBridge, where no rule filters."""
    configured = bucket.get("NotificationConfiguration", {})
    return isinstance(configured, dict) and bool(set(configured) - {"EventBridgeConfiguration"})


def test_no_role_may_write_where_objects_wake_functions(stack: Stack) -> None:
    assert not list(problems(stack))
