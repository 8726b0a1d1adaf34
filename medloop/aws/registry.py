"""SageMaker Model Registry: every model with its evidence, approved or rejected."""

import unicodedata
from typing import Any

from botocore.exceptions import ClientError

from events.evaluation import Evaluation, Interval, Scores
from medloop.aws.clients import client


def ensure_group(name: str, project: str) -> None:
    """Create the project's package group unless it exists."""
    try:
        client("sagemaker").create_model_package_group(
            ModelPackageGroupName=name,
            ModelPackageGroupDescription=f"Models of the medloop project {project}",
        )
    except ClientError as error:
        if "already exists" not in error.response["Error"]["Message"]:
            raise


def register(group: str, job: str, image: str, artefact: str, evaluation: Evaluation) -> str:
    """Register a version, pending review, and return its ARN; repeated for one job it finds the first."""
    answer = client("sagemaker").create_model_package(
        ModelPackageGroupName=group,
        ModelPackageDescription=f"{evaluation.project}, version {evaluation.model_version}",
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": artefact}],
            "SupportedContentTypes": ["application/x-npy"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        ModelApprovalStatus="PendingManualApproval",
        CustomerMetadataProperties=evidence_of(job, evaluation),
        ClientToken=job,
    )
    return str(answer["ModelPackageArn"])


def review(package_arn: str, approved: bool, reason: str) -> None:
    """Approve or reject; SageMaker announces the change on the default bus."""
    client("sagemaker").update_model_package(
        ModelPackageArn=package_arn,
        ModelApprovalStatus="Approved" if approved else "Rejected",
        ApprovalDescription=reason[:1024],
    )


def evidence_of(job: str, evaluation: Evaluation) -> dict[str, str]:
    """At most 50 entries with values of 1 to 256 characters: the limits of the registry."""
    evidence: dict[str, Any] = {
        "job": job,
        "project": evaluation.project,
        "model_version": evaluation.model_version,
        "task": evaluation.task,
        "dataset": evaluation.dataset,
        "train_items": evaluation.train_items,
        "test_items": evaluation.test_items,
        "test_patients": evaluation.test_patients,
        "test_digest": evaluation.test_digest,
        "metric": evaluation.metric,
        **_scored("", evaluation.challenger),
        **_scored("baseline_", evaluation.baseline),
        "baseline": evaluation.baseline_name,
        "subgroups": len(evaluation.subgroups),
        **_champion(evaluation),
    }
    known = {name: _permitted(str(value)) for name, value in evidence.items() if value is not None}
    return {name: value for name, value in known.items() if value}


def _scored(prefix: str, scores: Scores) -> dict[str, Any]:
    error = scores.calibration_error
    return {
        f"{prefix}value": f"{scores.value:.6f}",
        f"{prefix}interval": _ends(scores.interval),
        f"{prefix}calibration_error": None if error is None else f"{error:.6f}",
    }


def _champion(evaluation: Evaluation) -> dict[str, Any]:
    """What the challenger was compared with; nothing where it was the first."""
    champion, difference = evaluation.champion, evaluation.difference
    return {
        "champion_version": evaluation.champion_version,
        **({} if champion is None else _scored("champion_", champion)),
        "difference": None if difference is None else _ends(difference),
    }


def _ends(interval: Interval) -> str:
    return f"{interval.low:.6f} to {interval.high:.6f}"


def _permitted(text: str) -> str:
    """Letters, numbers, spaces and _.:/=+-@ are all that a value may hold."""
    kept = (one if unicodedata.category(one)[0] in "LNZ" or one in "_.:/=+-@" else " " for one in text)
    return " ".join("".join(kept).split())[:256]
