"""SageMaker Model Registry: every model with its evidence, approved or rejected."""

from typing import Any

from botocore.exceptions import ClientError

from events.evaluation import Evaluation
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
        CustomerMetadataProperties=_evidence(job, evaluation),
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


def _evidence(job: str, evaluation: Evaluation) -> dict[str, str]:
    """At most 50 entries of at most 256 characters: the limits of the registry."""
    evidence: dict[str, Any] = {
        "job": job,
        "project": evaluation.project,
        "model_version": evaluation.model_version,
        "dataset": evaluation.dataset,
        "test_images": evaluation.test_images,
        "test_digest": evaluation.test_digest,
        "accuracy": f"{evaluation.challenger.accuracy:.6f}",
        "balanced_accuracy": f"{evaluation.challenger.balanced_accuracy:.6f}",
        "baseline_accuracy": f"{evaluation.baseline.accuracy:.6f}",
        "champion_version": evaluation.champion_version or "",
    }
    return {name: str(value) for name, value in evidence.items() if value != ""}
