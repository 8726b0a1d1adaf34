"""SageMaker training jobs: start, stop, describe, read what they measured."""

import io
import json
import tarfile
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from events.evaluation import Evaluation
from medloop.aws import objects
from medloop.aws.clients import client
from medloop.rules.capacity import Shortage, shortage_of

NOTHING_THERE = ("ValidationException", "ResourceNotFound")
"""SageMaker answers the first of them for a job that it does not know, or that has ended."""

LOG_GROUP = "/aws/sagemaker/TrainingJobs"

EVALUATION_LIMIT = 16 * 2**20


class NoEvaluation(ValueError):
    """The job completed without a readable evaluation.json."""


@dataclass(frozen=True)
class TrainingJob:
    name: str
    status: str
    secondary_status: str
    failure_reason: str
    trained: bool
    """Its container has run, for however long."""
    artefact: str
    """S3 URI of model.tar.gz; empty until the job completed."""


@dataclass(frozen=True)
class Short:
    """SageMaker would start the job, but not now."""

    shortage: Shortage
    why: str


@dataclass(frozen=True)
class Refused:
    """SageMaker will never start this job."""

    why: str


def start(request: dict[str, Any]) -> Short | Refused | None:
    """CreateTrainingJob; None when there is such a job now. Its name makes a repetition harmless."""
    try:
        client("sagemaker").create_training_job(**request)
    except ClientError as error:
        return problem_of(error)
    return None


def problem_of(error: ClientError) -> Short | Refused | None:
    """What a refused CreateTrainingJob means; None where there is such a job. Raises what is no answer."""
    code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code == "ResourceInUse":
        return None
    if shortage := shortage_of(code):
        return Short(shortage, f"{code}: {text}")
    if code == "ValidationException":
        return Refused(f"{code}: {text}")
    raise error


def stop(name: str) -> bool:
    """StopTrainingJob; the container has two minutes for a last checkpoint.

    False where there is nothing to stop: no such job, or it has ended.
    """
    try:
        client("sagemaker").stop_training_job(TrainingJobName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOTHING_THERE:
            return False
        raise
    return True


def describe(name: str) -> TrainingJob | None:
    """The job, or None where SageMaker knows none of this name."""
    try:
        answer = client("sagemaker").describe_training_job(TrainingJobName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOTHING_THERE:
            return None
        raise
    return TrainingJob(
        name=name,
        status=answer["TrainingJobStatus"],
        secondary_status=answer["SecondaryStatus"],
        trained="TrainingStartTime" in answer,
        failure_reason=answer.get("FailureReason", ""),
        artefact=answer.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
    )


def read_evaluation(models_bucket: str, job: str) -> Evaluation:
    """`evaluation.json` out of the job's output.tar.gz.

    Raises:
        NoEvaluation: it is missing, too large or not of the vocabulary's form.
    """
    try:
        return Evaluation.model_validate_json(_output(models_bucket, job, "evaluation.json"))
    except (objects.ObjectGone, tarfile.TarError, ValueError, EOFError, OSError) as error:
        raise NoEvaluation(f"evaluation.json of the job cannot be read ({type(error).__name__})") from None


def read_history(models_bucket: str, job: str) -> list[dict[str, Any]]:
    """The curves, epoch by epoch, of a job that left its output; empty for any other."""
    try:
        return list(json.loads(_output(models_bucket, job, "history.json")))
    except (objects.ObjectGone, tarfile.TarError, ValueError, EOFError, OSError):
        return []


def last_epoch_line(job: str) -> str:
    """What a job wrote to its log at its latest epoch; empty before the first."""
    logs = client("logs")
    try:
        streams = logs.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{job}/")
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return ""
        raise
    names = sorted(stream["logStreamName"] for stream in streams["logStreams"])
    pages = [logs.get_log_events(logGroupName=LOG_GROUP, logStreamName=name)["events"] for name in names]
    lines = [str(event["message"]).strip() for page in pages for event in page]
    return next((line for line in reversed(lines) if line.startswith("epoch=")), "")


def _output(models_bucket: str, job: str, name: str) -> bytes:
    return _member(objects.read(models_bucket, f"jobs/{job}/output/output.tar.gz"), name)


def _member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for entry in tar:
            if entry.name.removeprefix("./") == name and entry.isfile() and entry.size <= EVALUATION_LIMIT:
                file = tar.extractfile(entry)
                if file is not None:
                    return file.read()
    raise ValueError(f"no {name} in the archive")
