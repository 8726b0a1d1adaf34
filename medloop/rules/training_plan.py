"""What training job to start: instance, spot, time limits, channels, hyperparameters."""

import json
from dataclasses import dataclass
from typing import Any

from events.training import TrainingRequested
from medloop.rules.project import Project

SPOT_WAIT_SECONDS = 4 * 3600
"""How long a spot job may wait for capacity, on top of its run time."""

STARTUP_MINUTES = 15
"""Image pull, data download and evaluation, on top of the minutes the loop may train."""

METRICS = [
    {"Name": name, "Regex": rf"{name}=([-+0-9.eE]+)"}
    for name in ("train_loss", "validation_loss", "validation_accuracy", "test_accuracy")
]


@dataclass(frozen=True)
class Champion:
    version: int
    artefact: str
    """S3 URI of its model.tar.gz."""


@dataclass(frozen=True)
class Platform:
    """What the deployment decides for every job."""

    stage: str
    role_arn: str
    image: str
    instance_type: str
    spot: bool
    key_arn: str
    curated_bucket: str
    models_bucket: str


def training_job(
    request: TrainingRequested, project: Project, version: int, champion: Champion | None, platform: Platform
) -> dict[str, Any]:
    """The arguments of CreateTrainingJob."""
    run_seconds = (project.training.max_minutes + STARTUP_MINUTES) * 60
    stopping = {"MaxRuntimeInSeconds": run_seconds}
    if platform.spot:
        stopping["MaxWaitTimeInSeconds"] = run_seconds + SPOT_WAIT_SECONDS
    return {
        "TrainingJobName": request.job,
        "AlgorithmSpecification": {
            "TrainingImage": platform.image,
            "TrainingInputMode": "File",
            "MetricDefinitions": METRICS,
        },
        "RoleArn": platform.role_arn,
        "HyperParameters": hyperparameters(request, project, version, champion),
        "InputDataConfig": channels(request, champion, platform),
        "OutputDataConfig": {
            "S3OutputPath": f"s3://{platform.models_bucket}/jobs",
            "KmsKeyId": platform.key_arn,
        },
        "CheckpointConfig": {
            "S3Uri": f"s3://{platform.models_bucket}/checkpoints/{request.job}",
            "LocalPath": "/opt/ml/checkpoints",
        },
        "ResourceConfig": {
            "InstanceType": platform.instance_type,
            "InstanceCount": 1,
            "VolumeSizeInGB": 50,
        },
        "StoppingCondition": stopping,
        "EnableManagedSpotTraining": platform.spot,
        # Of lost instances; what the container itself reports is final.
        "RetryStrategy": {"MaximumRetryAttempts": 3},
        # Patients' images are in there, and nothing that the container needs is outside.
        "EnableNetworkIsolation": True,
        "Environment": {"STAGE": platform.stage},
        "Tags": [{"Key": "medloop:project", "Value": project.project}],
    }


def hyperparameters(
    request: TrainingRequested, project: Project, version: int, champion: Champion | None
) -> dict[str, str]:
    """SageMaker carries strings only."""
    training = project.training
    return {
        "project": project.project,
        "dataset": request.dataset,
        "model_version": str(version),
        "recipe": training.recipe,
        "classes": json.dumps(list(project.classes)),
        "epochs": "" if training.epochs is None else str(training.epochs),
        "max_minutes": str(training.max_minutes),
        "seed": str(training.seed),
        "champion_version": "" if champion is None else str(champion.version),
    }


def channels(
    request: TrainingRequested, champion: Champion | None, platform: Platform
) -> list[dict[str, Any]]:
    """`dataset`, `images` and, where there is one, the `champion` to compare with."""
    folder = f"s3://{platform.curated_bucket}/datasets/{request.project}/{request.dataset}"
    result = [
        _channel("dataset", "S3Prefix", f"{folder}/manifest.jsonl"),
        _channel("images", "ManifestFile", f"{folder}/objects.manifest"),
    ]
    if champion is not None:
        result.append(_channel("champion", "S3Prefix", champion.artefact))
    return result


def _channel(name: str, kind: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": kind, "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, "InputMode": "File"}
