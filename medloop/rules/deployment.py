"""How a champion is served: model, endpoint configuration, blue/green update, scaling from and to zero."""

import hashlib
from dataclasses import dataclass
from typing import Any

VARIANT = "champion"

INVOCATION_TIMEOUT_SECONDS = 900

STARTUP_SECONDS = 1800
"""For the new fleet to start and to answer."""


@dataclass(frozen=True)
class Serving:
    """What the deployment decides for every endpoint."""

    stage: str
    role_arn: str
    image: str
    instance_type: str
    key_arn: str
    predictions_bucket: str
    success_topic_arn: str
    failure_topic_arn: str
    bake_seconds: int
    """How long a new release is watched, with the former one at hand."""


def endpoint_name(stage: str, project: str) -> str:
    return f"medloop-{stage}-{project}"


def release_name(stage: str, project: str, version: int) -> str:
    """Name of the SageMaker model and endpoint configuration of one model version."""
    return f"{endpoint_name(stage, project)}-v{version}"


def version_of_release(name: str) -> int | None:
    """The model version in a release's name, or None where medloop did not give the name."""
    digits = name.rpartition("-v")[2]
    return int(digits) if digits.isdecimal() else None


def model(serving: Serving, project: str, version: int, artefact: str) -> dict[str, Any]:
    """The arguments of CreateModel."""
    return {
        "ModelName": release_name(serving.stage, project, version),
        "PrimaryContainer": {
            "Image": serving.image,
            "ModelDataUrl": artefact,
            "Environment": {"STAGE": serving.stage},
        },
        "ExecutionRoleArn": serving.role_arn,
        "EnableNetworkIsolation": True,
    }


def endpoint_config(serving: Serving, project: str, version: int) -> dict[str, Any]:
    """The arguments of CreateEndpointConfig: one variant, asynchronous, with both topics."""
    name = endpoint_name(serving.stage, project)
    return {
        "EndpointConfigName": release_name(serving.stage, project, version),
        "ProductionVariants": [
            {
                "VariantName": VARIANT,
                "ModelName": release_name(serving.stage, project, version),
                "InstanceType": serving.instance_type,
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 1.0,
            }
        ],
        "AsyncInferenceConfig": {
            "OutputConfig": {
                "S3OutputPath": f"s3://{serving.predictions_bucket}/raw/{name}",
                "S3FailurePath": f"s3://{serving.predictions_bucket}/failed/{name}",
                "KmsKeyId": serving.key_arn,
                "NotificationConfig": {
                    "SuccessTopic": serving.success_topic_arn,
                    "ErrorTopic": serving.failure_topic_arn,
                },
            },
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
        },
        # No KmsKeyId here: instances with NVMe, as ml.g4dn, encrypt in hardware and refuse one.
    }


ROLLBACK_FAILURES = 3
"""Of a new release, within a minute. One may be the image's own; three in a row are the model's."""


def blue_green(serving: Serving, project: str) -> dict[str, Any]:
    """The DeploymentConfig of UpdateEndpoint: watched for `bake_seconds`, then the former fleet goes.

    A release that never answers, or whose alarm rings while it is watched, is rolled back by SageMaker.
    Source: SageMaker developer guide, "Blue/Green Deployments" and "Auto-Rollback Configuration".
    """
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": serving.bake_seconds,
            "MaximumExecutionTimeoutInSeconds": STARTUP_SECONDS + serving.bake_seconds,
        },
        "AutoRollbackConfiguration": {
            "Alarms": [{"AlarmName": failures_alarm(serving.stage, project)["AlarmName"]}]
        },
    }


def failures_alarm(stage: str, project: str) -> dict[str, Any]:
    """The arguments of PutMetricAlarm that has a release rolled back. It tells nobody: the rollback does.

    Source of the metric: SageMaker developer guide, "Monitor asynchronous endpoint".
    """
    name = endpoint_name(stage, project)
    return {
        "AlarmName": f"{name}-fails",
        "AlarmDescription": "Requests fail: a release that is being watched is rolled back.",
        "Namespace": "AWS/SageMaker",
        "MetricName": "InvocationFailures",
        "Dimensions": [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": VARIANT}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": ROLLBACK_FAILURES,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }


def scalable_target(stage: str, project: str, max_instances: int) -> dict[str, Any]:
    """The arguments of RegisterScalableTarget: from none to `max_instances`."""
    return {**_dimension(stage, project), "MinCapacity": 0, "MaxCapacity": max_instances}


def scaling_policies(stage: str, project: str) -> list[dict[str, Any]]:
    """Both policies an asynchronous endpoint needs: tracking cannot leave zero, so a step does.

    Source: SageMaker developer guide, "Autoscale an asynchronous endpoint".
    """
    name = endpoint_name(stage, project)
    dimensions = [{"Name": "EndpointName", "Value": name}]
    tracking = {
        "TargetValue": 5.0,
        "CustomizedMetricSpecification": {
            "MetricName": "ApproximateBacklogSizePerInstance",
            "Namespace": "AWS/SageMaker",
            "Dimensions": dimensions,
            "Statistic": "Average",
        },
        "ScaleInCooldown": 600,
        "ScaleOutCooldown": 60,
    }
    step = {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Average",
        "Cooldown": 60,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }
    return [
        {
            **_dimension(stage, project),
            "PolicyName": f"{name}-backlog",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": tracking,
        },
        {
            **_dimension(stage, project),
            "PolicyName": f"{name}-from-zero",
            "PolicyType": "StepScaling",
            "StepScalingPolicyConfiguration": step,
        },
    ]


def wake_alarm(stage: str, project: str, policy_arn: str) -> dict[str, Any]:
    """The arguments of PutMetricAlarm that triggers the step policy: requests wait, nobody serves."""
    name = endpoint_name(stage, project)
    return {
        "AlarmName": f"{name}-has-backlog-without-capacity",
        "AlarmDescription": "Requests wait and no instance runs: start one.",
        "Namespace": "AWS/SageMaker",
        "MetricName": "HasBacklogWithoutCapacity",
        "Dimensions": [{"Name": "EndpointName", "Value": name}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [policy_arn],
    }


def _dimension(stage: str, project: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint_name(stage, project)}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def prediction_id(image: str, version: int) -> str:
    """One image has one prediction per model version, however often it is asked for."""
    return hashlib.sha256(f"{image}\0{version}".encode()).hexdigest()[:32]
