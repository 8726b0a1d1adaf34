"""Endpoints as the API sees them."""

from local.sagemaker import baking, events, names
from local.sagemaker.errors import invalid, missing, taken
from local.sagemaker.listing import listed
from local.sagemaker.models import plan
from local.sagemaker.service import SageMaker
from local.sagemaker.state import Record
from local.sagemaker.tagging import keep_tags

IN_PROGRESS = ("Creating", "Updating", "RollingBack")


def create(sagemaker: SageMaker, request: Record) -> Record:
    name, arn = request["EndpointName"], names.arn("endpoint", request["EndpointName"])
    with sagemaker.state.lock:
        if name in sagemaker.state.endpoints:
            raise taken("endpoint", arn)
        pending = plan(sagemaker.state, request["EndpointConfigName"])
        endpoint = {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointConfigName": request["EndpointConfigName"],
            "EndpointStatus": "Creating",
            "CreationTime": names.now(),
            "LastModifiedTime": names.now(),
            "AsyncInferenceConfig": pending["AsyncInferenceConfig"],
            "ProductionVariants": [],
            "Pending": pending,
        }
        sagemaker.state.endpoints.put(name, endpoint)
    keep_tags(sagemaker.state, arn, request.get("Tags", []))
    events.announce_endpoint(endpoint)
    sagemaker.hosting.deploy(name)
    return {"EndpointArn": arn}


def update(sagemaker: SageMaker, request: Record) -> Record:
    """The former variants serve until the new ones answer."""
    name = request["EndpointName"]
    baking.check(sagemaker.state, request)
    with sagemaker.state.lock:
        endpoint = _updatable(sagemaker, name)
        pending = plan(sagemaker.state, request["EndpointConfigName"])
        if request.get("RetainAllVariantProperties"):
            _retain(pending, endpoint)
        with sagemaker.state.endpoint(name):
            endpoint.pop("FailureReason", None)
            endpoint["Pending"] = pending
            endpoint["LastDeploymentConfig"] = request.get("DeploymentConfig")
            endpoint["EndpointStatus"], endpoint["LastModifiedTime"] = "Updating", names.now()
    events.announce_endpoint(endpoint)
    sagemaker.hosting.deploy(name)
    return {"EndpointArn": endpoint["EndpointArn"]}


def update_weights(sagemaker: SageMaker, request: Record) -> Record:
    name = request["EndpointName"]
    with sagemaker.state.lock:
        endpoint = _updatable(sagemaker, name)
        variants = {variant["VariantName"]: variant for variant in endpoint["ProductionVariants"]}
        with sagemaker.state.endpoint(name):
            for wish in request["DesiredWeightsAndCapacities"]:
                if wish["VariantName"] not in variants:
                    raise invalid(f'Variant "{wish["VariantName"]}" does not exist.')
                variant = variants[wish["VariantName"]]
                variant["DesiredInstanceCount"] = wish.get(
                    "DesiredInstanceCount", variant["DesiredInstanceCount"]
                )
                weight = wish.get("DesiredWeight", variant["DesiredWeight"])
                variant["DesiredWeight"] = variant["CurrentWeight"] = weight
    return {"EndpointArn": endpoint["EndpointArn"]}


def describe(sagemaker: SageMaker, request: Record) -> Record:
    with sagemaker.state.lock:
        endpoint = dict(_find(sagemaker, request["EndpointName"]))
        endpoint["ProductionVariants"] = [
            {
                **variant,
                "CurrentInstanceCount": sagemaker.hosting.ready(
                    endpoint["EndpointName"], variant["VariantName"]
                ),
            }
            for variant in endpoint["ProductionVariants"]
        ]
        if endpoint["EndpointStatus"] == "Updating":
            pending = endpoint["Pending"]["EndpointConfigName"]
            endpoint["PendingDeploymentSummary"] = {"EndpointConfigName": pending}
    return endpoint


def delete(sagemaker: SageMaker, request: Record) -> Record:
    name = request["EndpointName"]
    with sagemaker.state.lock:
        endpoint = _find(sagemaker, name)
        if endpoint["EndpointStatus"] in IN_PROGRESS:
            raise invalid(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')
        endpoint["EndpointStatus"], endpoint["LastModifiedTime"] = "Deleting", names.now()
        sagemaker.state.endpoints.drop(name)
        sagemaker.state.tags.drop(endpoint["EndpointArn"])
    sagemaker.hosting.retire(name)
    events.announce_endpoint(endpoint)
    return {}


def list_endpoints(sagemaker: SageMaker, request: Record) -> Record:
    found, token = listed(sagemaker.state.endpoints.all(), request, "EndpointName", "EndpointStatus")
    return {"Endpoints": found, "NextToken": token}


def _find(sagemaker: SageMaker, name: str) -> Record:
    endpoint = sagemaker.state.endpoints.get(name)
    if endpoint is None:
        raise missing("endpoint", names.arn("endpoint", name))
    return endpoint


def _updatable(sagemaker: SageMaker, name: str) -> Record:
    endpoint = _find(sagemaker, name)
    if endpoint["EndpointStatus"] in IN_PROGRESS:
        raise invalid(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')
    if endpoint["EndpointStatus"] == "Failed":
        # DeleteEndpoint is the only operation that AWS allows then.
        raise invalid(f'Cannot update endpoint "{endpoint["EndpointArn"]}" in status Failed.')
    return endpoint


def _retain(pending: Record, endpoint: Record) -> None:
    present = {variant["VariantName"]: variant for variant in endpoint["ProductionVariants"]}
    for variant in pending["Variants"]:
        if variant["VariantName"] in present:
            variant["Count"] = present[variant["VariantName"]]["DesiredInstanceCount"]
            variant["Weight"] = present[variant["VariantName"]]["DesiredWeight"]
