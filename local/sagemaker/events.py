"""State changes as SageMaker announces them on the default event bus."""

import re
from typing import Any

from local import ministack
from local.sagemaker import names
from local.sagemaker.state import Record, State

JOB_MEMBERS = (
    "TrainingJobName",
    "TrainingJobArn",
    "TrainingJobStatus",
    "SecondaryStatus",
    "FailureReason",
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "ModelArtifacts",
    "FinalMetricDataList",
    "EnableManagedSpotTraining",
    "EnableNetworkIsolation",
)

PACKAGE_MEMBERS = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "CustomerMetadataProperties",
)


def announce_job(state: State, name: str) -> None:
    """One event for each transition that has had none, also after a crash between the two."""
    while True:
        with state.lock:
            job = state.jobs.get(name)
            if job is None or job["Announced"] >= len(job["SecondaryStatusTransitions"]):
                return
            transition = job["SecondaryStatusTransitions"][job["Announced"]]
            event = _job_detail(job, transition)
        _publish("SageMaker Training Job State Change", event, job["TrainingJobArn"])
        with state.job(name) as job:
            job["Announced"] += 1


def announce_endpoint(endpoint: Record) -> None:
    """Statuses are written in capitals here, though Describe writes `InService`."""
    detail = {
        "EndpointName": endpoint["EndpointName"],
        "EndpointArn": endpoint["EndpointArn"],
        "EndpointConfigName": endpoint["EndpointConfigName"],
        "ProductionVariants": [
            {"DesiredWeight": v["DesiredWeight"], "DesiredInstanceCount": v["DesiredInstanceCount"]}
            for v in endpoint.get("ProductionVariants", [])
        ],
        "EndpointStatus": upper_snake(endpoint["EndpointStatus"]),
        "FailureReason": endpoint.get("FailureReason"),
        "CreationTime": _milliseconds(endpoint["CreationTime"]),
        "LastModifiedTime": _milliseconds(endpoint["LastModifiedTime"]),
        "Tags": {},
    }
    _publish("SageMaker Endpoint State Change", detail, endpoint["EndpointArn"])


def announce_package(package: Record) -> None:
    detail = {name: package[name] for name in PACKAGE_MEMBERS if name in package}
    detail["CreationTime"] = names.iso(package["CreationTime"])
    detail["CertifyForMarketplace"] = False
    _publish("SageMaker Model Package State Change", detail, package["ModelPackageArn"])


def upper_snake(status: str) -> str:
    """
    >>> upper_snake("InService")
    'IN_SERVICE'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()


def _job_detail(job: Record, transition: Record) -> Record:
    detail: dict[str, Any] = {name: job[name] for name in JOB_MEMBERS if name in job}
    detail["SecondaryStatus"] = transition["Status"]
    detail["TrainingJobStatus"] = transition["TrainingJobStatus"]
    for name in ("CreationTime", "TrainingStartTime", "TrainingEndTime", "LastModifiedTime"):
        if name in job:
            detail[name] = _milliseconds(job[name])
    detail["SecondaryStatusTransitions"] = [_moved(moved) for moved in job["SecondaryStatusTransitions"]]
    detail["Tags"] = {}
    return detail


def _moved(transition: Record) -> Record:
    moments = ("StartTime", "EndTime")
    times: Record = {name: _milliseconds(transition[name]) for name in moments if name in transition}
    return {"Status": transition["Status"], "StatusMessage": transition["StatusMessage"], **times}


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _publish(detail_type: str, detail: Record, arn: str) -> None:
    present = {name: value for name, value in detail.items() if value is not None}
    ministack.publish_service_event("aws.sagemaker", detail_type, present, [arn])
