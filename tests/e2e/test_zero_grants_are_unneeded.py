"""Every action that a role is granted was used by these tests, or stands here with its reason.

Runs last, after everything else in this folder has used what it needs.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import grants
from local.state import Laptop
from medloop.aws.clients import client

pytestmark = pytest.mark.cloud

BY_AWS_ITSELF = ("kms:", "logs:", "xray:", "ecr:", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueue")
"""Used by AWS services in the role's name; the laptop's services do the same without asking."""

NEEDED_ELSEWHERE = {
    "sagemaker:AddTags": "CreateTrainingJob with tags",
    "sagemaker:DeleteEndpoint": "an endpoint whose very first release failed",
    "sagemaker:DescribeEndpointConfig": "Application Auto Scaling looks at the variant in the caller's name",
    "sagemaker:UpdateEndpointWeightsAndCapacities": "Application Auto Scaling checks it in the caller's name",
    "cloudwatch:PutMetricAlarm": "target tracking makes alarms in the caller's name",
    "cloudwatch:DescribeAlarms": "target tracking looks at them",
    "cloudwatch:DeleteAlarms": "target tracking replaces them",
    "cloudwatch:PutMetricData": "SageMaker's own metrics",
    "iam:CreateServiceLinkedRole": "the account's first scalable endpoint",
    "dynamodb:GetItem": "idempotency: a message that came again",
    "dynamodb:DeleteItem": "idempotency: an attempt that failed",
    "s3:GetObjectTagging": "copying a large object in parts",
    "s3:PutObjectTagging": "copying a large object in parts",
    "s3:GetObjectVersion": "ministack asks for s3:GetObject even where a version is named",
}

ASKED_BY_AWS_ALONE = {
    "OnUpload iam:PassRole": "ministack's Scheduler does not look at the role it is given",
    "OnSeriesDue iam:PassRole": "the same",
    "SeriesSchedule sqs:SendMessage": "ministack's Scheduler sends in its own name",
}

ON_OTHER_DAYS = {
    "OnApiRequest events:PutEvents": "a job that is cancelled before it had its machines",
    "OnApiRequest sqs:ListMessageMoveTasks": "AWS moves dead letters by itself, and is asked how far it is",
    "OnArchiveUploaded s3:ListBucket": "makes a file that is not unpacked yet a plain 404",
    "OnBackupDue s3:DeleteObject": "old backups are let go",
    "OnEndpointChanged sns:Publish": "a release that never answered",
    "OnInferenceFinished sns:Publish": "an inference that failed",
    "OnReconcileDue sagemaker:DescribeTrainingJob": "a job is under way while the clock ticks",
    "OnRestoreDrillDue sns:Publish": "a drill that failed",
    "OnRetrainingDue s3:ListBucket": "makes a version that is not frozen yet a plain 404",
    "OnSeriesDue sqs:SendMessage": "an archive whose files are not all decided yet, a champion for volumes",
    "OnSeriesDue scheduler:UpdateSchedule": "the schedule that woke it has not been removed yet",
    "OnTrainingFinished s3:ListBucket": "makes a missing output a plain 404",
    "OnTrainingFinished sqs:SendMessage": "a job that never got its machines",
    "OnTrainingRequest events:PutEvents": "a job that is refused",
    "OnTrainingRequest sagemaker:StopTrainingJob": "a job that was cancelled while it was started",
    "OnTrainingRequest sns:Publish": "a job that is refused, or waits for long",
    "OnTrainingRequest sqs:SendMessage": "waiting for capacity",
    "OnUpload s3:ListBucket": "makes an object deleted meanwhile a plain 404",
}


def granted() -> Iterator[tuple[str, str]]:
    """(role, action) of every Allow in the deployed roles."""
    iam = client("iam")
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
            for statement in statements:
                actions = statement["Action"]
                yield from ((name, a) for a in ([actions] if isinstance(actions, str) else actions))


def test_nothing_is_granted_without_need(cloud: Laptop, request: pytest.FixtureRequest) -> None:
    files = {item.path.name for item in request.session.items}
    missing = {file.name for file in Path(__file__).parent.glob("test_*.py")} - files
    if missing:
        pytest.skip(f"needs the whole folder to have run; missing {', '.join(sorted(missing))}")
    used = grants.read(cloud.home / "grants.jsonl")
    unneeded = [
        f"{role} {action}"
        for role, action in sorted(granted())
        if (role, action) not in used
        and action not in NEEDED_ELSEWHERE
        and f"{role.split('-')[2].removesuffix('Role')} {action}" not in ON_OTHER_DAYS | ASKED_BY_AWS_ALONE
        and not action.startswith(BY_AWS_ITSELF)
    ]
    assert not unneeded, "\n".join(unneeded)
