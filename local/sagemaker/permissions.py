"""Which permissions a request takes: its action on what it names, its tags, and the roles it hands over."""

from collections.abc import Mapping
from typing import Any

from local import ministack
from local.sagemaker import names
from local.sagemaker.errors import ServiceError, invalid
from local.sagemaker.registry import group_arn, package_arn
from local.sagemaker.state import Record

KINDS = {
    "TrainingJobName": "training-job",
    "ModelName": "model",
    "EndpointConfigName": "endpoint-config",
    "EndpointName": "endpoint",
}
"""Request members that name a resource; CreateEndpoint is checked on two of them, as on AWS."""

ROLES = ("RoleArn", "ExecutionRoleArn")


def check_sagemaker(headers: Mapping[str, str], operation: str, request: Record) -> None:
    """
    Raises:
        ServiceError: AccessDeniedException, or the words for a role SageMaker may not assume.
    """
    keys = _tag_keys(request)
    resources = [arn for arn in _resources(operation, request) if arn] or ["*"]
    for resource in resources:
        _authorize(headers, f"sagemaker:{operation}", resource, keys)
        if operation.startswith("Create") and request.get("Tags"):
            _authorize(headers, "sagemaker:AddTags", resource, keys)
    for role in [request[name] for name in ROLES if name in request]:
        _authorize(headers, "iam:PassRole", role, {"iam:PassedToService": ministack.PRINCIPAL})
        if not ministack.is_assumable(role):
            raise invalid(
                f"Could not assume role {role}. Please ensure that the role exists and allows principal "
                f"'{ministack.PRINCIPAL}' to assume the role."
            )


def check_runtime(headers: Mapping[str, str], operation: str, endpoint: str) -> None:
    _authorize(headers, f"sagemaker:{operation}", names.arn("endpoint", endpoint), {})


def check_scaling(headers: Mapping[str, str], operation: str, request: Record) -> None:
    resource = "*"
    if not operation.startswith("Describe"):
        place = f"{ministack.region()}:{ministack.account()}"
        resource = f"arn:aws:application-autoscaling:{place}:scalable-target/{request.get('ResourceId', '')}"
    _authorize(headers, f"application-autoscaling:{operation}", resource, {})


def _resources(operation: str, request: Record) -> list[str]:
    if operation.startswith("List") and operation != "ListTags":
        return []
    if "ResourceArn" in request:
        return [request["ResourceArn"]]
    if "ModelPackageArn" in request:
        return [request["ModelPackageArn"]]
    if "ModelPackageGroupName" in request:
        return [group_arn(request["ModelPackageGroupName"])]
    if "ModelPackageName" in request:
        return [package_arn(request["ModelPackageName"])]
    return [names.arn(kind, request[name]) for name, kind in KINDS.items() if name in request]


def _tag_keys(request: Record) -> dict[str, Any]:
    tags = request.get("Tags", [])
    if not tags:
        return {}
    keys = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
    return {**keys, "aws:TagKeys": [tag["Key"] for tag in tags]}


def _authorize(headers: Mapping[str, str], action: str, resource: str, keys: dict[str, Any]) -> None:
    try:
        ministack.authorize(headers, action, resource, keys)
    except ministack.Denied as denied:
        raise ServiceError(denied.code, denied.message) from None
