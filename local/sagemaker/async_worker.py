"""Answers asynchronous requests: S3 in, the container, S3 out, a notice to the success or error topic."""

import http.client
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker import clients, notices, storage
from local.sagemaker.async_queue import AsyncQueue
from local.sagemaker.hosting import Hosting
from local.sagemaker.instance import Answer
from local.sagemaker.names import bucket_and_key
from local.sagemaker.state import Record, State

logger = logging.getLogger("sagemaker")

LOOK_EVERY = 0.1
TRIES = 3
"""How often a request whose instance went away is given to another one."""
DEFAULT_CONCURRENCY = 4
AT_ONCE = 32


class Failed(Exception):
    """The request gets no answer; the text is the notice's failureReason."""

    def __init__(self, reason: str, body: bytes = b"") -> None:
        super().__init__(reason)
        self.body = body or reason.encode()


class AsyncWorkers:
    def __init__(self, state: State, hosting: Hosting) -> None:
        self.state, self.hosting = state, hosting
        self.queue = AsyncQueue(state.home / "queue")
        self.ended = threading.Event()
        self.pool = ThreadPoolExecutor(AT_ONCE, "sagemaker-async")
        self.thread = threading.Thread(target=self._dispatch, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Requests in flight have until their instance ends; all unanswered ones stay on disk."""
        self.ended.set()
        self.thread.join()
        self.pool.shutdown(wait=False, cancel_futures=True)

    def _dispatch(self) -> None:
        while not self.ended.wait(LOOK_EVERY):
            for name in self.queue.endpoints():
                endpoint = self.state.endpoints.get(name)
                if endpoint is None:
                    self.queue.drop(name)
                elif endpoint.get("AsyncInferenceConfig") and "Plan" in endpoint:
                    self._hand_out(name, endpoint)

    def _hand_out(self, name: str, endpoint: Record) -> None:
        """As many requests as the ready instances take; overdue ones even where none is ready."""
        limits = endpoint["AsyncInferenceConfig"].get("ClientConfig", {})
        each = limits.get("MaxConcurrentInvocationsPerInstance", DEFAULT_CONCURRENCY)
        room = each * self.hosting.ready(name) - self.queue.in_flight(name)
        while (request := self.queue.take(name)) is not None:
            if room <= 0 and not _is_overdue(request):
                self.queue.give_back(request)
                return
            room -= 1
            self.pool.submit(self._serve, request, endpoint)

    def _serve(self, request: Record, endpoint: Record) -> None:
        try:
            is_done = self._answer(request, endpoint)
        except Exception:
            logger.exception("asynchronous request %s", request["InferenceId"])
            is_done = not self.ended.is_set()
        if is_done:
            self.queue.done(request)
        else:
            self.queue.give_back(request)

    def _answer(self, request: Record, endpoint: Record) -> bool:
        """Whether the request came to its end; while the server ends, no failure is the request's own."""
        plan = endpoint["Plan"]
        role = plan["Variants"][0]["Role"]
        outcome = endpoint["AsyncInferenceConfig"]["OutputConfig"]
        s3 = clients.as_role("s3", role, "SageMaker")
        try:
            answer = self._ask(s3, request)
            if answer is None:
                return False
            _keep(s3, request["OutputLocation"], answer.body, answer.content_type, outcome)
            notice, topic = notices.success(request, outcome, answer), "SuccessTopic"
        except Failed as failure:
            if self.ended.is_set():
                return False
            _count_failure(request["Endpoint"], plan["Variants"][0]["VariantName"])
            if request.get("FailureLocation"):
                _try_to_keep(s3, request["FailureLocation"], failure.body, outcome)
            notice, topic = notices.failure(request, str(failure)), "ErrorTopic"
        notices.publish(role, outcome.get("NotificationConfig", {}).get(topic), notice)
        return True

    def _ask(self, s3: Any, request: Record) -> Answer | None:
        """None: no instance could be asked now. Raises Failed when asking again makes no sense."""
        if _is_overdue(request):
            raise Failed("RequestTTLSeconds passed before the request was processed.")
        body = _read(s3, request["InputLocation"])
        instance = self.hosting.choose(request["Endpoint"])
        if instance is None:
            return None
        try:
            answer = instance.ask(body, _headers(request), request["InvocationTimeoutSeconds"])
        except TimeoutError:
            seconds = request["InvocationTimeoutSeconds"]
            raise Failed(f"ModelError: No answer from primary within {seconds} seconds.") from None
        except (OSError, http.client.HTTPException) as error:
            self._lost(request, error)
            return None
        if answer.status >= 300:
            words = answer.body.decode(errors="replace")[:900]
            kind = "server" if answer.status >= 500 else "client"
            raise Failed(
                f'ModelError: Received {kind} error ({answer.status}) from primary with message "{words}".',
                answer.body,
            )
        return answer

    def _lost(self, request: Record, error: Exception) -> None:
        request["Tries"] = request.get("Tries", 0) + 1
        if request["Tries"] >= TRIES:
            raise Failed(f"InternalServerError: The instance went away: {error}")
        time.sleep(LOOK_EVERY)


def _count_failure(endpoint: str, variant: str) -> None:
    """At once: an alarm on it may have a release rolled back. A metric that is lost costs no answer."""
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    point = {"MetricName": "InvocationFailures", "Dimensions": dimensions, "Value": 1.0, "Unit": "None"}
    try:
        clients.as_aws("cloudwatch").put_metric_data(Namespace="AWS/SageMaker", MetricData=[point])
    except (ClientError, BotoCoreError) as error:
        logger.warning("a failure of %s is not counted: %s", endpoint, error)


def _headers(request: Record) -> dict[str, str]:
    given = {
        "Content-Type": request.get("ContentType", "application/octet-stream"),
        "Accept": request.get("Accept", "*/*"),
        "X-Amzn-SageMaker-Custom-Attributes": request.get("CustomAttributes", ""),
        "X-Amzn-SageMaker-Inference-Id": request["InferenceId"],
    }
    return {name: value for name, value in given.items() if value}


def _is_overdue(request: Record) -> bool:
    return bool(time.time() - request["Received"] > request["RequestTTLSeconds"])


def _read(s3: Any, uri: str) -> bytes:
    bucket, key = bucket_and_key(uri)
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except (ClientError, BotoCoreError) as error:
        raise Failed(f"ClientError: Failed to download the input {uri}: {error}") from error


def _keep(s3: Any, uri: str, body: bytes, content_type: str, outcome: Record) -> None:
    bucket, key = bucket_and_key(uri)
    encryption = storage.encryption(outcome.get("KmsKeyId"))
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **encryption)
    except (ClientError, BotoCoreError) as error:
        raise Failed(f"ClientError: Failed to upload the output {uri}: {error}") from error


def _try_to_keep(s3: Any, uri: str, body: bytes, outcome: Record) -> None:
    try:
        _keep(s3, uri, body, "text/plain", outcome)
    except Failed as failure:
        logger.warning("%s", failure)
