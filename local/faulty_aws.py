"""Calls to AWS that go wrong: botocore's own event before it sends is answered in AWS's place."""

import io
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from local.faults import Kind

if TYPE_CHECKING:
    from local.faulty import Worker

NAMES = {"eventbridge": "events", "secrets-manager": "secretsmanager"}
"""botocore's names of services, where they are not the plan's."""


def hook(worker: "Worker") -> None:
    """Harmless while no plan names the worker's function."""
    import botocore.handlers

    def before_send(request: Any, event_name: str, **_: Any) -> Any:
        """What botocore gets in the place of an answer; None lets the request go out."""
        if not worker.invocation:
            return None
        service, operation = event_name.split(".")[1:]
        return _suffer(worker, request, NAMES.get(service, service), operation)

    botocore.handlers.BUILTIN_HANDLERS.append(("before-send.*.*", before_send))


def _suffer(worker: "Worker", request: Any, service: str, operation: str) -> Any:
    with worker.call(service, operation) as fault:
        answer = _of_object(worker, request, operation) if service == "s3" else None
        if answer is not None:
            return answer
        if fault is not None:
            return _failed(worker, fault, request, service)
        # Its answer is of no use: the process ends as soon as it is there.
        return _really(request) if worker.crashes_after_call else None


def _of_object(worker: "Worker", request: Any, operation: str) -> Any:
    """What is wrong with one object, or with the key that its bucket is encrypted by."""
    plan, key = worker.plan, unquote(request.url)
    if plan.poison and plan.poison in key:
        worker.note("s3", operation, "poison")
        return _answer(request, 403, "s3", "AccessDenied")
    if plan.sluggish and plan.sluggish in key:
        time.sleep(plan.sluggish_seconds)
    if worker.fault("kms") is not None:
        worker.note("kms", operation, "throttle")
        return _answer(request, 400, "s3", "KMS.ThrottlingException")
    return None


def _failed(worker: "Worker", fault: Kind, request: Any, service: str) -> Any:
    from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

    url = request.url.split("?")[0]
    if fault == "throttle":
        return _answer(request, 503, service, "SlowDown" if service == "s3" else "ServiceUnavailable")
    if fault == "quota":
        return _answer(request, 400, service, "ResourceLimitExceeded")
    if fault == "refused":
        raise EndpointConnectionError(endpoint_url=url)
    if fault == "lost":
        _really(request)
        raise ConnectionClosedError(endpoint_url=url)
    worker.linger(fault)
    return None


def _really(request: Any) -> Any:
    """Send it as botocore would."""
    from botocore.httpsession import URLLib3Session

    return URLLib3Session().send(request)


def _answer(request: Any, status: int, service: str, code: str) -> Any:
    """An error as the service words it."""
    from botocore.awsrequest import AWSResponse

    told = json.dumps({"__type": code, "message": "injected"})
    if service == "s3":
        told = f"<Error><Code>{code}</Code><Message>injected</Message></Error>"
    headers: Any = {"content-length": str(len(told))}
    return AWSResponse(request.url, status, headers, _Raw(told.encode()))


class _Raw(io.BytesIO):
    """As urllib3's response, as far as botocore reads an error."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()
