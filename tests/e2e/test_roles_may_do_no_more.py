"""Each door's role, as deployed, is denied what its door has no business with."""

from typing import Any

import pytest

from medloop.aws.clients import client
from medloop.settings import Settings

pytestmark = pytest.mark.cloud

DOORS = (
    "on-upload",
    "on-retraining-due",
    "on-training-request",
    "on-training-finished",
    "on-model-approved",
    "on-endpoint-changed",
    "on-inference-request",
    "on-inference-finished",
    "on-backup-due",
    "on-reconcile-due",
    "on-restore-drill-due",
    "on-alarm",
    "on-api-request",
)

SAGEMAKER = "arn:aws:sagemaker:us-east-1:000000000000"

FORBIDDEN_TO_ALL = (
    ("s3:DeleteObject", "arn:aws:s3:::{uploads}/chest/labelled/a/1.png"),
    ("s3:DeleteObjectVersion", "arn:aws:s3:::{uploads}/chest/labelled/a/1.png"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::{curated}"),
    ("s3:GetObject", "arn:aws:s3:::somebody-elses-bucket/key"),
    ("iam:CreateRole", "arn:aws:iam::000000000000:role/mine"),
    ("iam:PassRole", "arn:aws:iam::000000000000:role/Administrator"),
    ("kms:ScheduleKeyDeletion", "{key}"),
    ("secretsmanager:PutSecretValue", "arn:aws:secretsmanager:us-east-1:000000000000:secret:any-abcdef"),
    ("lambda:UpdateFunctionCode", "arn:aws:lambda:us-east-1:000000000000:function:medloop-laptop-on-upload"),
    ("sqs:PurgeQueue", "arn:aws:sqs:us-east-1:000000000000:medloop-laptop-intake"),
    (
        "sagemaker:DeleteModelPackage",
        "arn:aws:sagemaker:us-east-1:000000000000:model-package/medloop-laptop-a/1",
    ),
    ("cloudformation:DeleteStack", "*"),
)

READS_UPLOADS = {"on-upload"}
WRITES_BACKUPS = {"on-backup-due"}
STARTS_TRAINING = {"on-training-request"}
STOPS_TRAINING = {"on-training-request", "on-api-request"}
SIGNS_UPLOADS = {"on-api-request"}
ASKS_ENDPOINTS = {"on-inference-request"}
KNOWS_PSEUDONYM_KEY = {"on-upload"}
KNOWS_WEBHOOKS = {"on-alarm"}

RESERVED = (
    ("s3:GetObjectVersion", "arn:aws:s3:::{uploads}/chest/predict/1.dcm", READS_UPLOADS),
    ("s3:PutObject", "arn:aws:s3:::{backups}/catalogue/x", WRITES_BACKUPS),
    ("s3:PutObject", "arn:aws:s3:::{uploads}/chest/labelled/a/1.png", SIGNS_UPLOADS),
    (
        "sagemaker:CreateTrainingJob",
        "arn:aws:sagemaker:us-east-1:000000000000:training-job/medloop-laptop-a",
        STARTS_TRAINING,
    ),
    (
        "sagemaker:StopTrainingJob",
        "arn:aws:sagemaker:us-east-1:000000000000:training-job/medloop-laptop-a",
        STOPS_TRAINING,
    ),
    (
        "sagemaker:InvokeEndpointAsync",
        "arn:aws:sagemaker:us-east-1:000000000000:endpoint/medloop-laptop-a",
        ASKS_ENDPOINTS,
    ),
    ("secretsmanager:GetSecretValue", "{pseudonym}", KNOWS_PSEUDONYM_KEY),
    ("secretsmanager:GetSecretValue", "{webhooks}", KNOWS_WEBHOOKS),
)


@pytest.fixture(scope="module")
def names(settings: Settings) -> dict[str, str]:
    secrets = {s["Name"]: s["ARN"] for s in client("secretsmanager").list_secrets()["SecretList"]}
    return {
        "uploads": settings.uploads_bucket,
        "curated": settings.curated_bucket,
        "backups": settings.backups_bucket,
        "key": settings.key_arn,
        "pseudonym": secrets["medloop-laptop/pseudonym-key"],
        "webhooks": secrets["medloop-laptop/webhooks"],
    }


def is_allowed(door: str, action: str, resource: str) -> bool:
    function = client("lambda").get_function_configuration(FunctionName=f"medloop-laptop-{door}")
    answer: dict[str, Any] = client("iam").simulate_principal_policy(
        PolicySourceArn=function["Role"], ActionNames=[action], ResourceArns=[resource]
    )
    return bool(answer["EvaluationResults"][0]["EvalDecision"] == "allowed")


@pytest.mark.parametrize("door", DOORS)
def test_no_door_may_do_what_none_needs(door: str, names: dict[str, str]) -> None:
    allowed = [
        (action, resource)
        for action, resource in FORBIDDEN_TO_ALL
        if is_allowed(door, action, resource.format(**names))
    ]
    assert allowed == []


@pytest.mark.parametrize(
    ("action", "resource", "doors"), RESERVED, ids=[f"{a}-{n}" for n, (a, _, _) in enumerate(RESERVED)]
)
def test_only_the_door_that_needs_it_may(
    action: str, resource: str, doors: set[str], names: dict[str, str]
) -> None:
    assert {door for door in DOORS if is_allowed(door, action, resource.format(**names))} == doors
