"""Every bucket, queue and topic refuses what does not come by TLS."""

from collections.abc import Iterator

from stack import Stack, listed, target

POLICIES = {
    "S3::Bucket": ("S3::BucketPolicy", "Bucket", "s3:*"),
    "SQS::Queue": ("SQS::QueuePolicy", "Queues", "sqs:*"),
    "SNS::Topic": ("SNS::TopicPolicy", "Topics", "sns:Publish"),
}
"""Type → (its policy's type, how that names what it covers, the action to refuse)."""

NOT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def problems(stack: Stack) -> Iterator[str]:
    for kind, (policy, covers, action) in POLICIES.items():
        covered = set()
        for name, properties in stack.of_type(policy).items():
            refused = refused_resources(stack, name, policy, action)
            covered |= {target(value) for value in listed(properties.get(covers))} & refused
        yield from (f"{name} answers without TLS" for name in stack.of_type(kind) if name not in covered)


def refused_resources(stack: Stack, policy: str, kind: str, action: str) -> set[str]:
    """What this policy closes to everybody; of a bucket, the objects as well as the bucket."""
    refused: list[str] = []
    for name, statement in stack.statements(kind):
        plain = statement.get("Effect"), statement.get("Principal"), statement.get("Action")
        if name == policy and plain == ("Deny", "*", action) and statement.get("Condition") == NOT_TLS:
            refused += [target(resource) for resource in listed(statement.get("Resource"))]
    needed = 2 if kind == "S3::BucketPolicy" else 1
    return {name for name in refused if refused.count(name) >= needed}


def test_every_bucket_queue_and_topic_refuses_what_does_not_come_by_tls(stack: Stack) -> None:
    assert not list(problems(stack))
