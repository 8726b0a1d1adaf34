"""What training job to start: instance, spot, time limits, channels, hyperparameters."""

import json
from dataclasses import dataclass
from typing import Any

from events.training import TrainingRequested
from medloop.rules.project import Project
from medloop.rules.spending import STARTUP_MINUTES, training_minutes

SPOT_WAIT_SECONDS = 4 * 3600
"""How long a spot job may wait for capacity, on top of its run time."""

METRICS = [
    {"Name": name, "Regex": rf"{name}=([-+0-9.eE]+)"}
    for name in ("train_loss", "validation_loss", "validation_score", "test_score")
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
    price_per_hour: float
    """Of one such instance on demand, in USD."""
    spot: bool
    key_arn: str
    curated_bucket: str
    models_bucket: str


def training_job(
    request: TrainingRequested,
    name: str,
    project: Project,
    version: int,
    champion: Champion | None,
    platform: Platform,
) -> dict[str, Any]:
    """The arguments of CreateTrainingJob, for the launch of this name.

    Raises:
        TooLittleMoney: the project's cost cap does not pay for a training.
    """
    minutes = training_minutes(project.training, platform.price_per_hour)
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {
            "TrainingImage": platform.image,
            "TrainingInputMode": "File",
            "MetricDefinitions": METRICS,
        },
        "RoleArn": platform.role_arn,
        "HyperParameters": hyperparameters(request, project, version, champion, minutes),
        "InputDataConfig": channels(request, project.training.start, champion, platform),
        "OutputDataConfig": {
            "S3OutputPath": f"s3://{platform.models_bucket}/jobs",
            "KmsKeyId": platform.key_arn,
        },
        # Of the job, not of the launch: what an earlier one left is taken up.
        "CheckpointConfig": {
            "S3Uri": f"s3://{platform.models_bucket}/checkpoints/{request.job}",
            "LocalPath": "/opt/ml/checkpoints",
        },
        # SageMaker adds <name>/tensorboard-output: beside <name>/output, with the model.
        "TensorBoardOutputConfig": {
            "S3OutputPath": f"s3://{platform.models_bucket}/jobs",
            "LocalPath": "/opt/ml/output/tensorboard",
        },
        "ResourceConfig": {
            "InstanceType": platform.instance_type,
            "InstanceCount": project.training.instance_count,
            "VolumeSizeInGB": 50,
        },
        "StoppingCondition": stopping_condition(minutes, platform.spot),
        "EnableManagedSpotTraining": platform.spot,
        # Of lost instances; what the container itself reports is final. The run time above is that of all
        # attempts together.
        "RetryStrategy": {"MaximumRetryAttempts": 3},
        # Patients' images are in there, and nothing that the container needs is outside.
        "EnableNetworkIsolation": True,
        "Environment": {"STAGE": platform.stage},
        "Tags": [{"Key": "medloop:project", "Value": project.project}],
    }


def stopping_condition(minutes: int, spot: bool) -> dict[str, int]:
    """How long the machines may run, and how long a spot job may wait for them on top."""
    run_seconds = (minutes + STARTUP_MINUTES) * 60
    if not spot:
        return {"MaxRuntimeInSeconds": run_seconds}
    return {"MaxRuntimeInSeconds": run_seconds, "MaxWaitTimeInSeconds": run_seconds + SPOT_WAIT_SECONDS}


def hyperparameters(
    request: TrainingRequested, project: Project, version: int, champion: Champion | None, minutes: int
) -> dict[str, str]:
    """What the container reads as training.container.Job; SageMaker carries strings only."""
    training = project.training
    return {
        "project": project.project,
        "dataset": request.dataset,
        "model_version": str(version),
        "task": project.task,
        "spatial_dims": str(project.spatial_dims),
        "recipe": training.recipe,
        "overrides": json.dumps(training.overrides, sort_keys=True),
        "classes": json.dumps(list(project.classes)),
        "max_minutes": str(minutes),
        "seed": str(training.seed),
        "champion_version": "" if champion is None else str(champion.version),
        "start": training.start or "",
    }


def channels(
    request: TrainingRequested, start: str | None, champion: Champion | None, platform: Platform
) -> list[dict[str, Any]]:
    """`dataset`, `images` and, where there are such, weights to `start` from and the `champion` to beat."""
    folder = f"s3://{platform.curated_bucket}/datasets/{request.project}/{request.dataset}"
    result = [
        _channel("dataset", "S3Prefix", f"{folder}/manifest.jsonl"),
        _channel("images", "ManifestFile", f"{folder}/objects.manifest"),
    ]
    if start is not None:
        uri = f"s3://{platform.models_bucket}/{start_key(request.project, start)}"
        result.append(_channel("start", "S3Prefix", uri))
    if champion is not None:
        result.append(_channel("champion", "S3Prefix", champion.artefact))
    return result


def start_key(project: str, start: str) -> str:
    """In the models bucket; `start` as project.yaml names it."""
    return f"starts/{project}/{start}"


def _channel(name: str, kind: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": kind, "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, "InputMode": "File"}
