"""Where requests come in: signed HTTP to operation and back, one coroutine per API."""

import asyncio
import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from local import ministack
from local.sagemaker import invocations, permissions, wire
from local.sagemaker.errors import ServiceError
from local.sagemaker.operations import RUNTIME, SAGEMAKER, SCALING, Operation, unsupported
from local.sagemaker.service import SageMaker
from local.sagemaker.state import Record

Headers = dict[str, str]
Response = tuple[int, Headers, bytes]
Check = Callable[[Mapping[str, str], str, Record], None]

JSON = "application/x-amz-json-1.1"

INVOCATION = re.compile(r"/endpoints/([^/]+)/(invocations|async-invocations|.*)")

VALUES: dict[str, Callable[[str], Any]] = {"integer": int}


@functools.cache
def service() -> SageMaker:
    return SageMaker()


async def control_plane(method: str, path: str, headers: Headers, body: bytes, query: Any) -> Response:
    return await _json_operation("sagemaker", SAGEMAKER, permissions.check_sagemaker, headers, body)


async def scaling(method: str, path: str, headers: Headers, body: bytes, query: Any) -> Response:
    return await _json_operation("application-autoscaling", SCALING, permissions.check_scaling, headers, body)


async def runtime(method: str, path: str, headers: Headers, body: bytes, query: Any) -> Response:
    try:
        name, action = _invocation(path)
        operation = {"invocations": "InvokeEndpoint", "async-invocations": "InvokeEndpointAsync"}.get(action)
        if operation is None or method != "POST":
            raise unsupported(f"{method} {path}", RUNTIME)
        permissions.check_runtime(headers, operation, name)
        request = {"EndpointName": name, **_from_headers(operation, headers)}
        if operation == "InvokeEndpoint":
            return await _invoke({**request, "Body": body})
        return await _invoke_async(request)
    except ServiceError as error:
        return _failure(error)


async def _json_operation(
    api: str, operations: Mapping[str, Operation], check: Check, headers: Headers, body: bytes
) -> Response:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        if operation not in operations:
            # Who may not speak to us at all is told so, rather than what there is.
            ministack.authorize(headers, f"{api}:{operation}", "*")
            raise unsupported(operation, operations)
        request = wire.parse(api, operation, body)
        check(headers, operation, request)
        # In a thread: operations write files and may wait for a lock.
        answer = await asyncio.to_thread(operations[operation], service(), request)
        return 200, {"Content-Type": JSON}, wire.render(api, operation, answer)
    except ServiceError as error:
        return _failure(error)
    except ministack.Denied as denied:
        return _failure(ServiceError(denied.code, denied.message))


async def _invoke(request: Record) -> Response:
    answer = await asyncio.to_thread(invocations.invoke, service(), request)
    headers = {"Content-Type": answer.content_type}
    if answer.custom_attributes:
        headers["X-Amzn-SageMaker-Custom-Attributes"] = answer.custom_attributes
    return 200, headers, answer.body


async def _invoke_async(request: Record) -> Response:
    answer = await asyncio.to_thread(invocations.invoke_async, service(), request)
    headers = {
        "Content-Type": "application/json",
        "X-Amzn-SageMaker-OutputLocation": answer["OutputLocation"],
    }
    if "FailureLocation" in answer:
        headers["X-Amzn-SageMaker-FailureLocation"] = answer["FailureLocation"]
    return 202, headers, json.dumps({"InferenceId": answer["InferenceId"]}).encode()


def _invocation(path: str) -> tuple[str, str]:
    match = INVOCATION.fullmatch(path)
    if match is None:
        raise unsupported(path, RUNTIME)
    return unquote(match[1]), match[2]


def _from_headers(operation: str, headers: Headers) -> Record:
    """The request's members, by the header in which the API's model puts each."""
    shape = wire.service_model("sagemaker-runtime").operation_model(operation).input_shape
    request: Record = {}
    for name, member in shape.members.items():
        text = headers.get(str(member.serialization.get("name", "")).lower())
        if member.serialization.get("location") == "header" and text is not None:
            request[name] = VALUES.get(member.type_name, str)(text)
    return request


def _failure(error: ServiceError) -> Response:
    content = {"__type": error.code, "message": error.message, "Message": error.message, **error.details}
    headers = {"Content-Type": JSON, "x-amzn-errortype": error.code}
    return error.status, headers, json.dumps(content).encode()
