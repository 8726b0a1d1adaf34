"""Training jobs as the API sees them."""

import copy
import math
import re

from local.sagemaker import events, names
from local.sagemaker.errors import ServiceError, invalid
from local.sagemaker.listing import listed
from local.sagemaker.service import SageMaker
from local.sagemaker.state import Record
from local.sagemaker.tagging import keep_tags
from local.sagemaker.transitions import ENDED, move

NOT_FOUND = "Requested resource not found."

TENSORBOARD = "/opt/ml/output/tensorboard"
"""SageMaker's own choice where the request makes none."""


def create(sagemaker: SageMaker, request: Record) -> Record:
    name = request["TrainingJobName"]
    arn = names.arn("training-job", name)
    _check(request)
    with sagemaker.state.lock:
        if name in sagemaker.state.jobs:
            raise ServiceError(
                "ResourceInUse",
                "Job name must be unique within an AWS account and region, "
                f"and a training job with this name already exists ({arn})",
            )
        job = _new(request, arn)
        move(job, "Starting" if sagemaker.trainer.has_room else "Pending")
        sagemaker.state.jobs.put(name, job)
    keep_tags(sagemaker.state, arn, request.get("Tags", []))
    events.announce_job(sagemaker.state, name)
    sagemaker.trainer.wake()
    return {"TrainingJobArn": arn}


def describe(sagemaker: SageMaker, request: Record) -> Record:
    with sagemaker.state.lock:
        job = sagemaker.state.jobs.get(request["TrainingJobName"])
        if job is None:
            raise invalid(NOT_FOUND)
        return copy.deepcopy(job)


def stop(sagemaker: SageMaker, request: Record) -> Record:
    name = request["TrainingJobName"]
    with sagemaker.state.lock:
        if name not in sagemaker.state.jobs:
            raise invalid(NOT_FOUND)
        status = sagemaker.state.jobs[name]["TrainingJobStatus"]
        if status in ENDED:
            raise invalid(f"The request was rejected because the training job is in status {status}.")
        if status == "Stopping":
            return {}
        with sagemaker.state.job(name) as job:
            job["StopReason"] = "Stopped"
            move(job, "Stopping")
    events.announce_job(sagemaker.state, name)
    sagemaker.trainer.wake()
    return {}


def list_jobs(sagemaker: SageMaker, request: Record) -> Record:
    jobs, token = listed(
        sagemaker.state.jobs.all(), request, "TrainingJobName", "TrainingJobStatus", order="Ascending"
    )
    return {"TrainingJobSummaries": jobs, "NextToken": token}


def _check(request: Record) -> None:
    algorithm = request.get("AlgorithmSpecification", {})
    if not algorithm.get("TrainingImage"):
        raise invalid("Only AlgorithmSpecification with a TrainingImage runs locally.")
    for metric in algorithm.get("MetricDefinitions", []):
        _check_pattern(metric["Regex"])
    if "ResourceConfig" not in request or "StoppingCondition" not in request:
        raise invalid("ResourceConfig and StoppingCondition are required.")
    if request["ResourceConfig"].get("InstanceCount", 1) != 1:
        raise invalid("Only one instance per training job runs locally.")
    _check_limits(request["StoppingCondition"], request.get("EnableManagedSpotTraining", False))
    if request.get("TensorBoardOutputConfig", {}).get("LocalPath", TENSORBOARD) != TENSORBOARD:
        raise invalid(f"Curves are read from {TENSORBOARD} only locally.")
    for channel in request.get("InputDataConfig", []):
        if "S3DataSource" not in channel["DataSource"]:
            raise invalid("Only S3DataSource channels are read locally.")


def _check_pattern(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise invalid(f"Invalid MetricDefinitions regex {text}: {error}") from None


def _check_limits(limits: Record, spot: bool) -> None:
    if spot and "MaxWaitTimeInSeconds" not in limits:
        raise invalid("MaxWaitTimeInSeconds above 0 is required when EnableManagedSpotTraining is true")
    if limits.get("MaxWaitTimeInSeconds", math.inf) < limits.get("MaxRuntimeInSeconds", 86400):
        raise invalid(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )


def _new(request: Record, arn: str) -> Record:
    now = names.now()
    return {
        **{name: value for name, value in request.items() if name != "Tags"},
        "TrainingJobArn": arn,
        "TrainingJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
        "SecondaryStatusTransitions": [],
        "Announced": 0,
    }
