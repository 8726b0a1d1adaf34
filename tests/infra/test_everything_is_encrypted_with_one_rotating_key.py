"""One customer key, rotated every year, encrypts whatever the platform stores or queues."""

from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import chain
from typing import Any

from stack import Stack, listed, target, text

OWN_KEY = {
    "SQS::Queue": ("KmsMasterKeyId",),
    "SNS::Topic": ("KmsMasterKeyId",),
    "Logs::LogGroup": ("KmsKeyId",),
    "SecretsManager::Secret": ("KmsKeyId",),
    "DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "DSQL::Cluster": ("KmsEncryptionKey",),
    "ECR::Repository": ("EncryptionConfiguration", "KmsKey"),
    "KMS::Alias": ("TargetKeyId",),
}
"""Where each type names its key."""

READ_AND_WRITE = "kms:Decrypt kms:GenerateDataKey*"

USERS = {
    "arn:${AWS::Partition}:iam::${AWS::AccountId}:root": ("kms:*", ""),
    "events.amazonaws.com": (READ_AND_WRITE, "aws:SourceAccount"),
    "sns.amazonaws.com": (READ_AND_WRITE, "aws:SourceAccount"),
    "cloudwatch.amazonaws.com": (READ_AND_WRITE, "aws:SourceAccount"),
    "dsql.amazonaws.com": (
        "kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:ReEncryptFrom kms:ReEncryptTo kms:DescribeKey",
        "aws:SourceArn",
    ),
    "cloudfront.amazonaws.com": ("kms:Decrypt", "aws:SourceArn"),
    "logs.${AWS::Region}.amazonaws.com": (
        "kms:Decrypt kms:Encrypt kms:ReEncrypt* kms:GenerateDataKey* kms:Describe*",
        "kms:EncryptionContext:aws:logs:arn",
    ),
}
"""Whom the key's own policy lets in → the actions, and the condition that keeps other accounts out."""


def problems(stack: Stack) -> Iterator[str]:
    for kind, path in OWN_KEY.items():
        for name, properties in stack.of_type(kind).items():
            if target(at(properties, path)) != "Key":
                yield f"{name} is not encrypted with the customer key"
    for name, table in stack.of_type("DynamoDB::Table").items():
        if at(table, ("SSESpecification",)) != {
            "SSEEnabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": {"Ref": "Key"},
        }:
            yield f"{name} uses the key of AWS"
    for name, repository in stack.of_type("ECR::Repository").items():
        if at(repository, ("EncryptionConfiguration", "EncryptionType")) != "KMS":
            yield f"{name} is not encrypted by KMS"
        if repository.get("ImageScanningConfiguration") != {"ScanOnPush": True}:
            yield f"{name} takes images unseen"
    for name, bucket in stack.of_type("S3::Bucket").items():
        yield from (f"{name}: {what}" for what in bucket_problems(bucket))
    yield from key_problems(stack)


def at(properties: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        properties = properties.get(step, {})
    return properties


def bucket_problems(bucket: dict[str, Any]) -> Iterator[str]:
    rules = at(bucket, ("BucketEncryption",)).get("ServerSideEncryptionConfiguration", [])
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]}}
    if rules != [{"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": default}]:
        yield "not encrypted with the customer key, by a bucket key"


def key_problems(stack: Stack) -> Iterator[str]:
    if list(stack.of_type("KMS::Key")) != ["Key"]:
        yield "there is not exactly one key"
    if stack.properties("Key").get("EnableKeyRotation") is not True:
        yield "the key is not rotated"
    for group in stack.of_type("Logs::LogGroup").values():
        if not any(fnmatch(text(group.get("LogGroupName")), pattern) for pattern in readable_groups(stack)):
            yield f"CloudWatch may not use the key for {text(group.get('LogGroupName'))}"
    if users(stack) != USERS:
        yield f"the key's policy differs: {users(stack)}"


def readable_groups(stack: Stack) -> list[str]:
    """Patterns of the log groups' names that the key's policy lets CloudWatch encrypt."""
    conditions = [statement.get("Condition", {}) for _, statement in stack.statements("KMS::Key")]
    named = [c.get("ArnLike", {}).get("kms:EncryptionContext:aws:logs:arn") for c in conditions]
    return [text(arn).split(":log-group:")[1] for arn in chain(*map(listed, named))]


def users(stack: Stack) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for _, statement in stack.statements("KMS::Key"):
        principals = [text(p) for p in chain(*map(listed, statement.get("Principal", {}).values()))]
        keys = chain(*(condition for condition in statement.get("Condition", {}).values()))
        allowed = statement.get("Effect") == "Allow" and statement.get("Resource") == "*"
        actions = " ".join(listed(statement.get("Action"))) if allowed else ""
        found |= dict.fromkeys(principals, (actions, " ".join(keys)))
    return found


def test_everything_is_encrypted_with_one_rotating_key(stack: Stack) -> None:
    assert not list(problems(stack))
