"""The runtime API: InvokeEndpoint and InvokeEndpointAsync."""

import http.client
import time
import uuid

from local import ministack
from local.sagemaker import names
from local.sagemaker.errors import ServiceError
from local.sagemaker.instance import Answer, Instance
from local.sagemaker.service import SageMaker
from local.sagemaker.state import Record

TIMEOUT = 60.0
"""Seconds that a real-time answer may take."""

OPTIONS = ("ContentType", "Accept", "CustomAttributes")


def invoke(sagemaker: SageMaker, request: Record) -> Answer:
    endpoint = _find(sagemaker, request["EndpointName"])
    if endpoint.get("AsyncInferenceConfig"):
        raise _invalid(f"Endpoint {request['EndpointName']} is asynchronous: use InvokeEndpointAsync.")
    instance = _instance(sagemaker, request)
    headers = {"Content-Type": request.get("ContentType", "application/octet-stream")}
    headers |= {"Accept": request.get("Accept", "*/*")}
    if "CustomAttributes" in request:
        headers["X-Amzn-SageMaker-Custom-Attributes"] = request["CustomAttributes"]
    try:
        answer = instance.ask(request["Body"], headers, TIMEOUT)
    except TimeoutError:
        raise _model_error(0, f"Your invocation timed out after {TIMEOUT:.0f} seconds.") from None
    except (OSError, http.client.HTTPException) as error:
        raise _model_error(0, f"The primary container went away: {error}") from None
    if answer.status >= 300:
        raise _model_error(answer.status, answer.body.decode(errors="replace"))
    return answer


def invoke_async(sagemaker: SageMaker, request: Record) -> Record:
    """Accepted is on disk: the answer comes even if the server ends first."""
    endpoint = _find(sagemaker, request["EndpointName"])
    config = endpoint.get("AsyncInferenceConfig")
    if not config:
        raise _invalid(f"Endpoint {request['EndpointName']} is not asynchronous: use InvokeEndpoint.")
    if "InputLocation" not in request:
        raise _invalid("InputLocation is required.")
    names.bucket_and_key(request["InputLocation"])
    file, output = uuid.uuid4(), config["OutputConfig"]
    answer = {
        "InferenceId": request.get("InferenceId") or str(uuid.uuid4()),
        "OutputLocation": f"{output['S3OutputPath'].rstrip('/')}/{file}.out",
    }
    if output.get("S3FailurePath"):
        answer["FailureLocation"] = f"{output['S3FailurePath'].rstrip('/')}/{file}-error.out"
    sagemaker.queue.queue.put(
        {
            **{name: request[name] for name in OPTIONS if name in request},
            **answer,
            "Endpoint": request["EndpointName"],
            "InputLocation": request["InputLocation"],
            "Received": names.now(),
            "RequestTTLSeconds": request.get("RequestTTLSeconds", 21600),
            "InvocationTimeoutSeconds": request.get("InvocationTimeoutSeconds", 900),
        }
    )
    return answer


def _find(sagemaker: SageMaker, name: str) -> Record:
    endpoint = sagemaker.state.endpoints.get(name)
    if endpoint is None or "Plan" not in endpoint:
        raise _invalid(f"Endpoint {name} of account {ministack.account()} not found.")
    return endpoint


def _instance(sagemaker: SageMaker, request: Record) -> Instance:
    """Right after a start of the server, its endpoints still load their models."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        instance = sagemaker.hosting.choose(request["EndpointName"], request.get("TargetVariant"))
        if instance:
            return instance
        time.sleep(0.1)
    raise ServiceError("ServiceUnavailable", "No instance of the endpoint is ready.", 503)


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)


def _model_error(status: int, message: str) -> ServiceError:
    side = "server" if status >= 500 else "client"
    text = f'Received {side} error ({status}) from primary with message "{message}".'
    return ServiceError("ModelError", text, 424, OriginalStatusCode=status, OriginalMessage=message)
