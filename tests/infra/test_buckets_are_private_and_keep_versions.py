"""Nothing in a bucket is public or lost by overwriting; data outlives the stack."""

from collections.abc import Iterator
from typing import Any

from stack import Stack

KINDS = ("uploads", "curated", "models", "predictions", "backups", "console")

PRIVATE = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}

OUTLIVES_THE_STACK = ("S3::Bucket", "KMS::Key", "DSQL::Cluster", "ECR::Repository", "Cognito::UserPool")


def problems(stack: Stack) -> Iterator[str]:
    buckets = stack.of_type("S3::Bucket")
    names = {bucket.get("BucketName", {}).get("Fn::Sub") for bucket in buckets.values()}
    if names != {f"medloop-${{Stage}}-{kind}-${{AWS::AccountId}}" for kind in KINDS}:
        yield "these are not the six buckets"
    for name, bucket in buckets.items():
        yield from (f"{name}: {what}" for what in bucket_problems(bucket))
        announces = bucket.get("NotificationConfiguration")
        wanted = (
            {"EventBridgeConfiguration": {"EventBridgeEnabled": True}} if name == "UploadsBucket" else None
        )
        if announces != wanted:
            yield f"{name}: uploads, and nothing else, are announced"
    for name, resource in stack.resources.items():
        if resource["Type"].removeprefix("AWS::") in OUTLIVES_THE_STACK or name == "PseudonymSecret":
            kept = resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")
            if kept != ("Retain", "Retain"):
                yield f"{name} would be deleted with the stack"


def bucket_problems(bucket: dict[str, Any]) -> Iterator[str]:
    if bucket.get("PublicAccessBlockConfiguration") != PRIVATE:
        yield "public access is not blocked"
    if bucket.get("VersioningConfiguration") != {"Status": "Enabled"}:
        yield "no versions are kept"
    if bucket.get("OwnershipControls") != {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}:
        yield "others may own objects"
    rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    kind = bucket.get("BucketName", {}).get("Fn::Sub", "--").split("-")[2]
    if [{key: rule[key] for key in rule if key != "Id"} for rule in rules] != lifecycle(kind):
        yield "objects expire at other times, or never"


def lifecycle(kind: str) -> list[dict[str, Any]]:
    """The rules of this bucket; what people uploaded, and what was made of it, never expires."""
    rules: dict[str, dict[str, Any]] = {
        "models": {
            "Prefix": "checkpoints/",
            "ExpirationInDays": 30,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
        "predictions": {"Prefix": "raw/", "ExpirationInDays": 30},
        "backups": {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
        "console": {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
    }
    unfinished: dict[str, Any] = {
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    return [unfinished, *({"Status": "Enabled", **rule} for name, rule in rules.items() if name == kind)]


def test_buckets_are_private_keep_versions_and_outlive_the_stack(stack: Stack) -> None:
    assert not list(problems(stack))
