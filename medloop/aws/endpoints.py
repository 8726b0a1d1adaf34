"""SageMaker asynchronous endpoints: release a model, scale it, ask it."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from medloop.aws.clients import client
from medloop.rules import deployment


class EndpointBeingRemoved(RuntimeError):
    """A failed endpoint goes away first; the message is tried again when it is gone."""


@dataclass(frozen=True)
class Endpoint:
    name: str
    status: str
    config: str
    failure_reason: str
    instances: int


def release(serving: deployment.Serving, project: str, version: int, artefact: str) -> None:
    """Create the endpoint at the first promotion, update it blue/green afterwards. Repeatable."""
    config = deployment.release_name(serving.stage, project, version)
    _create_once("create_model", deployment.model(serving, project, version, artefact))
    _create_once("create_endpoint_config", deployment.endpoint_config(serving, project, version))
    endpoint = describe(deployment.endpoint_name(serving.stage, project))
    if endpoint is not None and endpoint.status == "Failed":
        # Its very first release never answered; such an endpoint takes no update.
        client("sagemaker").delete_endpoint(EndpointName=endpoint.name)
        raise EndpointBeingRemoved(endpoint.name)
    if endpoint is None:
        client("sagemaker").create_endpoint(
            EndpointName=deployment.endpoint_name(serving.stage, project), EndpointConfigName=config
        )
    elif endpoint.config != config:
        # There before SageMaker is told to look at it.
        client("cloudwatch").put_metric_alarm(**deployment.failures_alarm(serving.stage, project))
        client("sagemaker").update_endpoint(
            EndpointName=endpoint.name,
            EndpointConfigName=config,
            RetainAllVariantProperties=False,
            DeploymentConfig=deployment.blue_green(serving, project),
        )


def _create_once(operation: str, arguments: dict[str, Any]) -> None:
    try:
        getattr(client("sagemaker"), operation)(**arguments)
    except ClientError as error:
        # SageMaker says so in words only: both creations answer ValidationException for a taken name.
        if "already exist" not in error.response["Error"]["Message"]:
            raise


def describe(name: str) -> Endpoint | None:
    """The endpoint, or None where there is none."""
    try:
        answer = client("sagemaker").describe_endpoint(EndpointName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound"):
            return None
        raise
    return Endpoint(
        name=name,
        status=answer["EndpointStatus"],
        config=answer["EndpointConfigName"],
        failure_reason=answer.get("FailureReason", ""),
        instances=sum(v.get("CurrentInstanceCount", 0) for v in answer.get("ProductionVariants", [])),
    )


def scale(stage: str, project: str, max_instances: int) -> None:
    """Let the endpoint scale from and to zero; repeating it changes nothing."""
    scaling = client("application-autoscaling")
    scaling.register_scalable_target(**deployment.scalable_target(stage, project, max_instances))
    for policy in deployment.scaling_policies(stage, project):
        arn = scaling.put_scaling_policy(**policy)["PolicyARN"]
        if policy["PolicyType"] == "StepScaling":
            client("cloudwatch").put_metric_alarm(**deployment.wake_alarm(stage, project, arn))


def invoke(endpoint: str, inference_id: str, input_uri: str) -> str:
    """Queue one request; the S3 URI where its answer will lie."""
    answer = client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=endpoint,
        InferenceId=inference_id,
        InputLocation=input_uri,
        ContentType="application/x-nifti" if input_uri.endswith(".nii.gz") else "application/x-npy",
        Accept="application/json",
        InvocationTimeoutSeconds=deployment.INVOCATION_TIMEOUT_SECONDS,
    )
    return str(answer["OutputLocation"])
