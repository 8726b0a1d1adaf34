"""SageMaker training jobs: start, describe, read what they measured."""

import io
import tarfile
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError

from events.evaluation import Evaluation
from medloop.aws import objects
from medloop.aws.clients import client

CAPACITY_ERRORS = frozenset(
    {"ResourceLimitExceeded", "ThrottlingException", "Throttling", "CapacityError", "ServiceUnavailable"}
)
"""Normal weather on AWS: the request waits, it does not fail."""

EVALUATION_LIMIT = 16 * 2**20


class NoEvaluation(ValueError):
    """The job completed without a readable evaluation.json."""


@dataclass(frozen=True)
class TrainingJob:
    name: str
    status: str
    failure_reason: str
    artefact: str
    """S3 URI of model.tar.gz; empty until the job completed."""


def start(request: dict[str, Any]) -> Literal["started", "exists", "no_capacity"]:
    """CreateTrainingJob; the job's name makes a repetition harmless."""
    try:
        client("sagemaker").create_training_job(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceInUse":
            return "exists"
        if code in CAPACITY_ERRORS:
            return "no_capacity"
        raise
    return "started"


def describe(name: str) -> TrainingJob | None:
    """The job, or None where SageMaker knows none of this name."""
    try:
        answer = client("sagemaker").describe_training_job(TrainingJobName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound"):
            return None
        raise
    return TrainingJob(
        name=name,
        status=answer["TrainingJobStatus"],
        failure_reason=answer.get("FailureReason", ""),
        artefact=answer.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
    )


def read_evaluation(models_bucket: str, job: str) -> Evaluation:
    """`evaluation.json` out of the job's output.tar.gz.

    Raises:
        NoEvaluation: it is missing, too large or not of the vocabulary's form.
    """
    try:
        archive = objects.read(models_bucket, f"jobs/{job}/output/output.tar.gz")
        return Evaluation.model_validate_json(_member(archive, "evaluation.json"))
    except (objects.ObjectGone, tarfile.TarError, ValueError, EOFError, OSError) as error:
        raise NoEvaluation(f"evaluation.json of the job cannot be read ({type(error).__name__})") from None


def _member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for entry in tar:
            if entry.name.removeprefix("./") == name and entry.isfile() and entry.size <= EVALUATION_LIMIT:
                file = tar.extractfile(entry)
                if file is not None:
                    return file.read()
    raise ValueError(f"no {name} in the archive")
