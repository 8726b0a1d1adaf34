"""The model registry: package groups, and their versioned packages with an approval."""

from local.sagemaker import events, names
from local.sagemaker.errors import ServiceError, invalid
from local.sagemaker.listing import listed
from local.sagemaker.service import SageMaker
from local.sagemaker.state import Record, State
from local.sagemaker.tagging import keep_tags


def create_group(sagemaker: SageMaker, request: Record) -> Record:
    name, arn = request["ModelPackageGroupName"], group_arn(request["ModelPackageGroupName"])
    with sagemaker.state.lock:
        if name in sagemaker.state.groups:
            raise invalid(f"Model Package Group already exists: {arn}")
        own = {
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupStatus": "Completed",
            "CreationTime": names.now(),
            "CreatedBy": {},
            "Versions": 0,
        }
        sagemaker.state.groups.put(name, {**request, **own})
    keep_tags(sagemaker.state, arn, request.get("Tags", []))
    return {"ModelPackageGroupArn": arn}


def describe_group(sagemaker: SageMaker, request: Record) -> Record:
    return _group(sagemaker.state, request["ModelPackageGroupName"])


def list_groups(sagemaker: SageMaker, request: Record) -> Record:
    groups, token = listed(sagemaker.state.groups.all(), request, "ModelPackageGroupName", order="Ascending")
    return {"ModelPackageGroupSummaryList": groups, "NextToken": token}


def delete_group(sagemaker: SageMaker, request: Record) -> Record:
    with sagemaker.state.lock:
        name = _group(sagemaker.state, request["ModelPackageGroupName"])["ModelPackageGroupName"]
        if any(package["ModelPackageGroupName"] == name for package in sagemaker.state.packages.all()):
            raise ServiceError("ConflictException", f"Model Package Group {name} is not empty.")
        sagemaker.state.groups.drop(name)
    return {}


def create_package(sagemaker: SageMaker, request: Record) -> Record:
    """A repeated ClientToken finds the package of its first use."""
    if "ModelPackageGroupName" not in request:
        raise invalid("Only versioned packages are kept locally: give a ModelPackageGroupName.")
    with sagemaker.state.lock:
        group = _group(sagemaker.state, request["ModelPackageGroupName"])
        if known := _same_request(sagemaker.state, group, request):
            return {"ModelPackageArn": known["ModelPackageArn"]}
        group["Versions"] += 1
        sagemaker.state.groups.put(group["ModelPackageGroupName"], group)
        package = _new(request, group)
        sagemaker.state.packages.put(package["ModelPackageArn"], package)
    keep_tags(sagemaker.state, package["ModelPackageArn"], request.get("Tags", []))
    events.announce_package(package)
    return {"ModelPackageArn": package["ModelPackageArn"]}


def describe_package(sagemaker: SageMaker, request: Record) -> Record:
    return _package(sagemaker.state, request["ModelPackageName"])


def update_package(sagemaker: SageMaker, request: Record) -> Record:
    with sagemaker.state.lock:
        package = _package(sagemaker.state, request["ModelPackageArn"])
        before = package.get("ModelApprovalStatus")
        removed = request.get("CustomerMetadataPropertiesToRemove", [])
        kept = {k: v for k, v in package.get("CustomerMetadataProperties", {}).items() if k not in removed}
        package |= {
            name: request[name] for name in ("ModelApprovalStatus", "ApprovalDescription") if name in request
        }
        package["CustomerMetadataProperties"] = {**kept, **request.get("CustomerMetadataProperties", {})}
        package["LastModifiedTime"] = names.now()
        sagemaker.state.packages.put(package["ModelPackageArn"], package)
    if package.get("ModelApprovalStatus") != before:
        events.announce_package(package)
    return {"ModelPackageArn": package["ModelPackageArn"]}


def list_packages(sagemaker: SageMaker, request: Record) -> Record:
    packages = sagemaker.state.packages.all()
    if "ModelPackageGroupName" in request:
        name = _group(sagemaker.state, request["ModelPackageGroupName"])["ModelPackageGroupName"]
        packages = [package for package in packages if package["ModelPackageGroupName"] == name]
    if "ModelApprovalStatus" in request:
        wanted = request["ModelApprovalStatus"]
        packages = [package for package in packages if package.get("ModelApprovalStatus") == wanted]
    found, token = listed(packages, request, "ModelPackageGroupName", order="Ascending")
    return {"ModelPackageSummaryList": found, "NextToken": token}


def delete_package(sagemaker: SageMaker, request: Record) -> Record:
    with sagemaker.state.lock:
        package = _package(sagemaker.state, request["ModelPackageName"])
        sagemaker.state.packages.drop(package["ModelPackageArn"])
    return {}


def group_arn(name: str) -> str:
    """Groups are named by name or by ARN."""
    return name if name.startswith("arn:") else names.arn("model-package-group", name)


def package_arn(name: str) -> str:
    """
    >>> package_arn("chest/3")
    'arn:aws:sagemaker:us-east-1:000000000000:model-package/chest/3'
    """
    return name if name.startswith("arn:") else names.arn("model-package", name)


def _new(request: Record, group: Record) -> Record:
    now = names.now()
    name = group["ModelPackageGroupName"]
    return {
        **{key: value for key, value in request.items() if key != "Tags"},
        "ModelPackageGroupName": name,
        "ModelPackageVersion": group["Versions"],
        "ModelPackageArn": names.arn("model-package", f"{name}/{group['Versions']}"),
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "ModelApprovalStatus": request.get("ModelApprovalStatus", "PendingManualApproval"),
        "CreationTime": now,
        "LastModifiedTime": now,
    }


def _same_request(state: State, group: Record, request: Record) -> Record | None:
    token = request.get("ClientToken")
    for package in state.packages.all():
        same = package["ModelPackageGroupName"] == group["ModelPackageGroupName"]
        if token and same and package.get("ClientToken") == token:
            return package
    return None


def _group(state: State, name: str) -> Record:
    record = state.groups.get(name.rpartition("/")[2])
    if record is None:
        raise invalid(f"ModelPackageGroup {group_arn(name)} does not exist.")
    return record


def _package(state: State, name: str) -> Record:
    record = state.packages.get(package_arn(name))
    if record is None:
        raise invalid(f"ModelPackage {package_arn(name)} does not exist.")
    return record
