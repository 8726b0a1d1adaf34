"""Who may do what: the whole table of grants, as a reviewer of access rights would want to read it."""

import re
from collections.abc import Iterator
from typing import Any

from stack import ASKED, Door, Stack, listed, references, text

Grants = dict[str, str]
"""Resource → actions."""

JOBS = "sagemaker:training-job/medloop-${Stage}-*"
MODELS = "sagemaker:model/medloop-${Stage}-*"
PACKAGES = "sagemaker:model-package/medloop-${Stage}-*"
PACKAGE_GROUPS = "sagemaker:model-package-group/medloop-${Stage}-*"
ENDPOINTS = "sagemaker:endpoint/medloop-${Stage}-*"
ENDPOINT_CONFIGS = "sagemaker:endpoint-config/medloop-${Stage}-*"
ALARMS = "cloudwatch:alarm:medloop-${Stage}-*"
CATALOGUE = "secretsmanager:secret:medloop-${Stage}/catalogue-??????"
PSEUDONYMS = "secretsmanager:secret:medloop-${Stage}/pseudonym-key-??????"
WEBHOOKS = "secretsmanager:secret:medloop-${Stage}/webhooks-??????"
SCALING_ROLE = (
    "iam:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)

SCHEDULES = "scheduler:schedule/default/medloop-${Stage}-series-*"
SCHEDULE = {
    SCHEDULES: "scheduler:CreateSchedule scheduler:UpdateSchedule",
    "SeriesScheduleRole": "iam:PassRole",
}

REGISTER = "sagemaker:CreateModelPackage sagemaker:UpdateModelPackage"
READ = "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes"
SEND, ANNOUNCE, ALERT = "sqs:SendMessage", {"EventBus": "events:PutEvents"}, {"AlarmsTopic": "sns:Publish"}
REMEMBER = "dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem"

DOORS: dict[str, Grants] = {
    "on_upload": {
        "UploadsBucket": "s3:ListBucket",
        "UploadsBucket/*": "s3:GetObject s3:GetObjectVersion",
        "CuratedBucket/images/*": "s3:PutObject",
        PSEUDONYMS: "secretsmanager:GetSecretValue",
        "IntakeQueue": SEND,
        "ArchivesQueue": SEND,
        "SeriesDueQueue": SEND,
        "InferenceRequestsQueue": SEND,
        **SCHEDULE,
        **ANNOUNCE,
    },
    "on_archive_uploaded": {
        "UploadsBucket": "s3:ListBucket",
        "UploadsBucket/*": "s3:GetObject s3:GetObjectVersion s3:PutObject",
        "SeriesDueQueue": SEND,
        **ANNOUNCE,
    },
    "on_series_due": {
        "UploadsBucket": "s3:ListBucketVersions",
        "CuratedBucket/images/*": "s3:GetObject s3:PutObject",
        "SeriesDueQueue": SEND,
        "InferenceRequestsQueue": SEND,
        **SCHEDULE,
        **ANNOUNCE,
    },
    "on_retraining_due": {
        "CuratedBucket": "s3:ListBucket",
        "CuratedBucket/images/*": "s3:GetObject",
        "CuratedBucket/datasets/*": "s3:GetObject s3:PutObject",
        "TrainingRequestsQueue": SEND,
        **ANNOUNCE,
    },
    "on_training_request": {
        JOBS: "sagemaker:CreateTrainingJob sagemaker:AddTags sagemaker:StopTrainingJob",
        "SageMakerRole": "iam:PassRole",
        "TrainingRequestsQueue": SEND,
        **ANNOUNCE,
        **ALERT,
    },
    "on_training_finished": {
        JOBS: "sagemaker:DescribeTrainingJob",
        "ModelsBucket": "s3:ListBucket",
        "ModelsBucket/jobs/*": "s3:GetObject",
        "ModelsBucket/evidence/*": "s3:PutObject",
        PACKAGE_GROUPS: f"sagemaker:CreateModelPackageGroup {REGISTER}",
        PACKAGES: REGISTER,
        "TrainingRequestsQueue": SEND,
        **ANNOUNCE,
        **ALERT,
    },
    "on_model_approved": {
        MODELS: "sagemaker:CreateModel",
        ENDPOINT_CONFIGS: "sagemaker:CreateEndpointConfig sagemaker:CreateEndpoint sagemaker:UpdateEndpoint",
        ENDPOINTS: "sagemaker:DescribeEndpoint sagemaker:CreateEndpoint sagemaker:UpdateEndpoint "
        "sagemaker:DeleteEndpoint",
        "SageMakerRole": "iam:PassRole",
        ALARMS: "cloudwatch:PutMetricAlarm",
    },
    "on_endpoint_changed": {
        ENDPOINTS: "sagemaker:DescribeEndpoint sagemaker:UpdateEndpointWeightsAndCapacities",
        ENDPOINT_CONFIGS: "sagemaker:DescribeEndpointConfig",
        "application-autoscaling:scalable-target/*": (
            "application-autoscaling:RegisterScalableTarget application-autoscaling:PutScalingPolicy"
        ),
        SCALING_ROLE: "iam:CreateServiceLinkedRole",
        ALARMS: "cloudwatch:PutMetricAlarm",
        "cloudwatch:alarm:TargetTracking-endpoint/medloop-${Stage}-*": (
            "cloudwatch:PutMetricAlarm cloudwatch:DescribeAlarms cloudwatch:DeleteAlarms"
        ),
        "InferenceRequestsQueue": SEND,
        **ANNOUNCE,
        **ALERT,
    },
    "on_inference_request": {
        ENDPOINTS: "sagemaker:InvokeEndpointAsync",
        "IdempotencyTable": REMEMBER,
    },
    "on_inference_finished": {
        "PredictionsBucket/raw/*": "s3:GetObject",
        "PredictionsBucket/*": "s3:PutObject",
        "PredictionsMadeQueue": SEND,
        **ANNOUNCE,
        **ALERT,
    },
    "on_prediction_made": {
        "CuratedBucket/images/*": "s3:GetObject",
        "PredictionsBucket/*": "s3:GetObject s3:PutObject",
    },
    "on_backup_due": {
        "ModelsBucket": "s3:ListBucket",
        "ModelsBucket/jobs/*": "s3:GetObject s3:GetObjectTagging",
        "BackupsBucket": "s3:ListBucket",
        "BackupsBucket/*": "s3:GetObject s3:PutObject s3:PutObjectTagging s3:DeleteObject",
        **ANNOUNCE,
    },
    "on_reconcile_due": {
        "UploadsBucket": "s3:ListBucketVersions",
        JOBS: "sagemaker:DescribeTrainingJob",
        "IntakeQueue": SEND,
        "SeriesDueQueue": SEND,
        "InferenceRequestsQueue": SEND,
        "PredictionsMadeQueue": SEND,
        "TrainingOutcomesQueue": SEND,
    },
    "on_restore_drill_due": {
        "BackupsBucket": "s3:ListBucket",
        "BackupsBucket/*": "s3:GetObject",
        **ALERT,
    },
    "on_api_request": {
        "UploadsBucket/*": "s3:GetObject s3:PutObject s3:AbortMultipartUpload s3:ListMultipartUploadParts",
        "CuratedBucket": "s3:ListBucket",
        "ModelsBucket": "s3:ListBucket",
        "PredictionsBucket": "s3:ListBucket",
        "CuratedBucket/images/*": "s3:GetObject",
        "ModelsBucket/jobs/*/output/output.tar.gz": "s3:GetObject",
        "ModelsBucket/evidence/*": "s3:GetObject",
        "PredictionsBucket/*": "s3:GetObject",
        "IdempotencyTable": REMEMBER,
        JOBS: "sagemaker:StopTrainingJob",
        "logs:log-group:/aws/sagemaker/TrainingJobs": "logs:DescribeLogStreams",
        "logs:log-group:/aws/sagemaker/TrainingJobs:log-stream:medloop-${Stage}-*": "logs:GetLogEvents",
        "sqs:medloop-${Stage}-*": f"sqs:GetQueueAttributes sqs:GetQueueUrl {SEND}",
        "sqs:medloop-${Stage}-*-dlq": (
            "sqs:ReceiveMessage sqs:DeleteMessage sqs:StartMessageMoveTask sqs:ListMessageMoveTasks"
        ),
        **ANNOUNCE,
    },
    "on_alarm": {
        WEBHOOKS: "secretsmanager:GetSecretValue",
        "IdempotencyTable": REMEMBER,
    },
}

SAGEMAKER: Grants = {
    "CuratedBucket": "s3:ListBucket",
    "ModelsBucket": "s3:ListBucket",
    "PredictionsBucket": "s3:ListBucket",
    "CuratedBucket/*": "s3:GetObject",
    "ModelsBucket/jobs/*": "s3:GetObject s3:PutObject",
    "ModelsBucket/checkpoints/*": "s3:GetObject s3:PutObject",
    "ModelsBucket/starts/*": "s3:GetObject",
    "PredictionsBucket/raw/*": "s3:PutObject",
    "PredictionsBucket/failed/*": "s3:PutObject",
    "Key": "kms:Decrypt kms:GenerateDataKey kms:DescribeKey kms:CreateGrant",
    "InferenceSuccessTopic": "sns:Publish",
    "InferenceFailureTopic": "sns:Publish",
    "logs:log-group:/aws/sagemaker/*": (
        "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents logs:DescribeLogStreams"
    ),
    "ecr:repository/*": "ecr:BatchGetImage ecr:GetDownloadUrlForLayer ecr:BatchCheckLayerAvailability",
    "cloudwatch:alarm:medloop-${Stage}-*": "cloudwatch:DescribeAlarms",
    "*": "cloudwatch:PutMetricData ecr:GetAuthorizationToken",
}

API_ACCOUNT: Grants = {
    "*": "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups logs:DescribeLogStreams "
    "logs:PutLogEvents logs:GetLogEvents logs:FilterLogEvents",
}

SERIES_SCHEDULE: Grants = {"SeriesDueQueue": "sqs:SendMessage", "Key": "kms:Decrypt kms:GenerateDataKey"}


def problems(stack: Stack) -> Iterator[str]:
    if {door.name for door in stack.doors()} != set(DOORS):
        yield "there are other doors than in this table"
    yield from differences(stack, "SageMakerRole", pairs(SAGEMAKER))
    yield from differences(stack, "SeriesScheduleRole", pairs(SERIES_SCHEDULE))
    yield from differences(stack, "ApiAccountRole", pairs(API_ACCOUNT))
    for door in stack.doors():
        own = pairs(DOORS.get(door.name, {})) | pairs(what_every_door_has(door))
        yield from differences(stack, door.role, own)


def what_every_door_has(door: Door) -> Grants:
    return {
        door.logs: "logs:CreateLogStream logs:PutLogEvents",
        "*": "xray:PutTraceSegments xray:PutTelemetryRecords",
        "Key": "kms:Decrypt kms:GenerateDataKey",
        CATALOGUE: "secretsmanager:GetSecretValue",
        "CatalogueCluster": "dsql:DbConnectAdmin",
        **({} if door.name == ASKED else {door.queue: READ}),
    }


def pairs(grants: Grants) -> set[tuple[str, str]]:
    return {(action, resource) for resource, actions in grants.items() for action in actions.split()}


def differences(stack: Stack, role: str, agreed: set[tuple[str, str]]) -> Iterator[str]:
    statements = [statement for name, statement in stack.statements("IAM::Role") if name == role]
    granted = {
        (action, plain(resource))
        for statement in statements
        if statement.get("Effect") == "Allow"
        for action in listed(statement.get("Action"))
        for resource in listed(statement.get("Resource"))
    }
    yield from (f"{role} may also {action} on {resource}" for action, resource in sorted(granted - agreed))
    yield from (f"{role} may not {action} on {resource}" for action, resource in sorted(agreed - granted))


def plain(resource: Any) -> str:
    """`CuratedBucket/images/*`, or `sagemaker:endpoint/…` for what is no resource of the stack."""
    pattern = re.sub(r"\$\{(\w+)\.Arn\}", r"\1", text(resource))
    arn = r"^arn:\$\{AWS::Partition\}:([a-z-]+):(\$\{AWS::Region\})?:\$\{AWS::AccountId\}:"
    return re.sub(arn, r"\1:", pattern) or "".join(references(resource))


def test_every_role_may_do_these_things_and_no_others(stack: Stack) -> None:
    assert not list(problems(stack))
