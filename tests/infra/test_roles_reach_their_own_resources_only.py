"""Roles hold no managed policies, no wildcard actions, and no `*` where an action knows resources."""

from collections.abc import Iterator
from typing import Any

from stack import Stack, documents, listed, references, text

POLICIES = ("IAM::Role", "KMS::Key", "S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy")
LANGUAGE = "2012-10-17"

WITHOUT_RESOURCES = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
}
"""Actions that IAM grants on `*` or not at all (service authorization reference)."""

NAMED_BY_STAGE = "medloop-${Stage}"
"""What is no resource of this stack is at least one of this stage's names."""

NOT_NAMED_BY_US = (
    "log-group:/aws/sagemaker/",
    "repository/",
    "scalable-target/",
    "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/",
)
"""Names that AWS gives, or that the person who set ContainerImage did."""

OF_THE_ACCOUNT = {"ApiAccountRole"}
"""API Gateway writes the logs of all its APIs by one role, and takes none that may do less."""

EVERY_DOOR = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "kms:Decrypt",
    "secretsmanager:GetSecretValue",
    "dsql:DbConnectAdmin",
}


def problems(stack: Stack) -> Iterator[str]:
    for kind in POLICIES:
        for name, properties in stack.of_type(kind).items():
            dates = {document.get("Version") for document in documents(properties)}
            if dates != {LANGUAGE}:
                yield f"{name} is written in the policy language of 2008, which knows no variables"
    for name, role in stack.of_type("IAM::Role").items():
        if role.get("ManagedPolicyArns"):
            yield f"{name} holds policies that are not written here"
        yield from (f"{name}: {what}" for what in trust_problems(name, role))
    for name, statement in stack.statements("IAM::Role"):
        if name not in OF_THE_ACCOUNT:
            yield from (f"{name}: {what}" for what in statement_problems(statement))
    for door in stack.doors():
        granted = {
            a for name, s in stack.statements("IAM::Role") if name == door.role for a in listed(s["Action"])
        }
        yield from (f"{door.role} lacks {action}" for action in EVERY_DOOR - granted)
    for door in stack.woken():
        yield from (f"{door.role} reads {queue}" for queue in read_queues(stack, door.role) - {door.queue})


SERVICES = {
    "SageMakerRole": "sagemaker.amazonaws.com",
    "SeriesScheduleRole": "scheduler.amazonaws.com",
    "ApiAccountRole": "apigateway.amazonaws.com",
}
"""Roles that are not a function's."""


def trust_problems(name: str, role: dict[str, Any]) -> Iterator[str]:
    service = SERVICES.get(name, "lambda.amazonaws.com")
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}}
    statement["Action"] = "sts:AssumeRole"
    if service == "scheduler.amazonaws.com":
        # Any schedule of any account may name a role: this one serves the account's own.
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    if role.get("AssumeRolePolicyDocument") != {"Version": LANGUAGE, "Statement": [statement]}:
        yield f"is not for {service} alone"


def statement_problems(statement: dict[str, Any]) -> Iterator[str]:
    actions, resources = listed(statement.get("Action")), listed(statement.get("Resource"))
    if statement.get("Effect") not in ("Allow", "Deny") or not actions or not resources:
        yield "a statement says neither who nor what"
    for action in actions:
        if "*" in action:
            yield f"{action} is a wildcard"
        if "*" in resources and action not in WITHOUT_RESOURCES:
            yield f"{action} on every resource"
    yield from (f"reaches beyond this stage: {text(r)}" for r in resources if r != "*" and not is_ours(r))
    conditions = {
        "iam:PassRole": {"StringEquals": {"iam:PassedToService": passed_to(resources)}},
        "iam:CreateServiceLinkedRole": {
            "StringEquals": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}
        },
        "cloudwatch:PutMetricData": {
            "StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker", "Medloop"]}
        },
    }
    for action in set(actions) & set(conditions):
        if statement.get("Condition") != conditions[action]:
            yield f"{action} without its condition"


def passed_to(resources: list[Any]) -> str:
    """The service that may get this role from a function."""
    return SERVICES.get("".join(references(resources)), "nobody")


def is_ours(resource: Any) -> bool:
    pattern = text(resource)
    if not pattern.startswith("arn:"):
        return bool(references(resource))
    return NAMED_BY_STAGE in pattern or any(name in pattern for name in NOT_NAMED_BY_US)


def read_queues(stack: Stack, role: str) -> set[str]:
    found: set[str] = set()
    for name, statement in stack.statements("IAM::Role"):
        if name == role and "sqs:ReceiveMessage" in listed(statement.get("Action")):
            found |= references(statement.get("Resource"))
    return found


def test_no_role_reaches_beyond_what_its_door_needs(stack: Stack) -> None:
    assert not list(problems(stack))
