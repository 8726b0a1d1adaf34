"""Models and endpoint configurations: descriptions only, nothing runs yet."""

from typing import Any

from local.sagemaker import names
from local.sagemaker.errors import invalid, missing, taken
from local.sagemaker.listing import listed
from local.sagemaker.service import SageMaker
from local.sagemaker.state import Record, Shelf, State
from local.sagemaker.tagging import keep_tags

MODEL, CONFIG = "model", "endpoint configuration"


def create_model(sagemaker: SageMaker, request: Record) -> Record:
    container = request.get("PrimaryContainer") or next(iter(request.get("Containers", [])), None)
    if container is None or len(request.get("Containers", [])) > 1:
        raise invalid("A model with exactly one container runs locally.")
    if not container.get("Image"):
        raise invalid("The container needs an Image.")
    arn = names.arn("model", request["ModelName"])
    own = {"ModelName": request["ModelName"], "ModelArn": arn, "PrimaryContainer": container}
    _create(sagemaker.state, sagemaker.state.models, MODEL, request["ModelName"], arn, {**request, **own})
    return {"ModelArn": arn}


def describe_model(sagemaker: SageMaker, request: Record) -> Record:
    return _find(sagemaker.state.models, MODEL, "model", request["ModelName"])


def delete_model(sagemaker: SageMaker, request: Record) -> Record:
    _find(sagemaker.state.models, MODEL, "model", request["ModelName"])
    sagemaker.state.models.drop(request["ModelName"])
    return {}


def list_models(sagemaker: SageMaker, request: Record) -> Record:
    models, token = listed(sagemaker.state.models.all(), request, "ModelName")
    return {"Models": models, "NextToken": token}


def create_config(sagemaker: SageMaker, request: Record) -> Record:
    name = request["EndpointConfigName"]
    for variant in request["ProductionVariants"]:
        if "ModelName" not in variant:
            raise invalid("Every production variant needs a ModelName.")
        _find(sagemaker.state.models, MODEL, "model", variant["ModelName"])
    arn = names.arn("endpoint-config", name)
    record = {**request, "EndpointConfigArn": arn}
    _create(sagemaker.state, sagemaker.state.configs, CONFIG, name, arn, record)
    return {"EndpointConfigArn": arn}


def describe_config(sagemaker: SageMaker, request: Record) -> Record:
    return _find(sagemaker.state.configs, CONFIG, "endpoint-config", request["EndpointConfigName"])


def delete_config(sagemaker: SageMaker, request: Record) -> Record:
    _find(sagemaker.state.configs, CONFIG, "endpoint-config", request["EndpointConfigName"])
    sagemaker.state.configs.drop(request["EndpointConfigName"])
    return {}


def plan(state: State, config_name: str) -> Record:
    """All that serving this configuration takes: models and configurations may be deleted while it serves.

    Raises:
        ServiceError: the configuration, or a model of it, does not exist.
    """
    config = _find(state.configs, CONFIG, "endpoint-config", config_name)
    variants = [_variant(state, variant) for variant in config["ProductionVariants"]]
    return {
        "EndpointConfigName": config_name,
        "AsyncInferenceConfig": config.get("AsyncInferenceConfig"),
        "Variants": variants,
    }


def _variant(state: State, variant: Record) -> dict[str, Any]:
    model = _find(state.models, MODEL, "model", variant["ModelName"])
    return {
        "VariantName": variant["VariantName"],
        "Weight": variant.get("InitialVariantWeight", 1.0),
        "Count": variant.get("InitialInstanceCount", 1),
        "StartupSeconds": variant.get("ContainerStartupHealthCheckTimeoutInSeconds"),
        "Container": model["PrimaryContainer"],
        "Role": model["ExecutionRoleArn"],
    }


def _create(state: State, shelf: Shelf, what: str, name: str, arn: str, record: Record) -> None:
    with state.lock:
        if name in shelf:
            raise taken(what, arn)
        shelf.put(name, {**record, "CreationTime": names.now()})
    keep_tags(state, arn, record.get("Tags", []))


def _find(shelf: Shelf, what: str, kind: str, name: str) -> Record:
    record = shelf.get(name)
    if record is None:
        raise missing(what, names.arn(kind, name))
    return record
