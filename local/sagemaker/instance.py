"""One process that serves a model: started, pinged, asked, ended."""

import http.client
import json
import socket
import subprocess
import tarfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker import children, clients, container, settings, storage
from local.sagemaker.children import Child
from local.sagemaker.container import Tree
from local.sagemaker.errors import ServiceError
from local.sagemaker.logs import LogStream
from local.sagemaker.names import bucket_and_key
from local.sagemaker.state import Record

STARTUP_SECONDS = 240.0
"""Until the first good ping; importing torch on two busy cores takes a while."""

PING_SECONDS = 2.0

COMMAND_VARIABLE = "MEDLOOP_SERVE_COMMAND"
"""In the model container's Environment, on the laptop only: a JSON list to run instead of training.serve."""


class NotServing(Exception):
    """The instance never answered, or answers no more."""


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    custom_attributes: str
    body: bytes


class Instance:
    def __init__(self, endpoint: str, variant: Record, tree: Tree) -> None:
        self.endpoint, self.variant, self.tree = endpoint, variant, tree
        self.child: Child | None = None
        self.log: LogStream | None = None
        self.port = 0
        self.ready = False
        self.abandoned = threading.Event()
        self.idle = threading.Condition()
        self.in_flight = 0

    def start(self) -> None:
        """Raises NotServing with the reason, as CreateEndpoint words it; nothing is left running then."""
        try:
            self._unpack()
            self._spawn()
            self._wait_for_ping()
        except NotServing:
            self.end()
            raise
        self.ready = True

    @property
    def is_lost(self) -> bool:
        """It served, and ended without being asked to."""
        return self.ready and self.child is not None and self.child.exit_code is not None

    def ask(self, body: bytes, headers: dict[str, str], seconds: float) -> Answer:
        """POST /invocations.

        Raises:
            TimeoutError: no answer in time.
            OSError, http.client.HTTPException: the process went away.
        """
        with self.idle:
            self.in_flight += 1
        try:
            return self._request("POST", "/invocations", body, headers, seconds)
        except (ConnectionError, http.client.HTTPException):
            # A dying process drops its connections a moment before it is seen to have ended.
            self._await_end()
            raise
        finally:
            with self.idle:
                self.in_flight -= 1
                self.idle.notify_all()

    def retire(self, patience: float) -> None:
        """Take no new request, let those in flight end, then end."""
        self.ready = False
        with self.idle:
            self.idle.wait_for(lambda: self.in_flight == 0 or self.abandoned.is_set(), patience)
        self.end()

    def abandon(self) -> None:
        """Whoever waits for this instance, to start or to be idle, waits no longer."""
        with self.idle:
            self.abandoned.set()
            self.idle.notify_all()

    def end(self) -> None:
        self.ready = False
        self.abandoned.set()
        if self.child:
            self.child.end(min(settings.stop_grace(), 10.0))
        if self.log:
            self.log.close()
        self.tree.remove()

    def _unpack(self) -> None:
        uri = self.variant["Container"].get("ModelDataUrl")
        self.tree.make()
        if not uri:
            return
        archive = self.tree.root / "model.tar.gz"
        try:
            s3 = clients.as_role("s3", self.variant["Role"], "SageMaker")
            storage.fetch(s3, *bucket_and_key(uri), archive)
            storage.unpack(archive, self.tree.model)
        except (ClientError, BotoCoreError, ServiceError, OSError, EOFError, tarfile.TarError) as error:
            raise NotServing(f"Failed to download model data from {uri}: {error}") from error
        archive.unlink()

    def _spawn(self) -> None:
        environment = dict(self.variant["Container"].get("Environment", {}))
        command = json.loads(environment.pop(COMMAND_VARIABLE, "null")) or settings.SERVE
        self.port = _free_port()
        if self.abandoned.is_set():
            raise NotServing("The endpoint stops.")
        variables = container.serving_variables(self.tree, environment, self.port)
        self.child = children.spawn(command, variables, settings.repository())
        assert self.child.process.stdout is not None
        client = clients.as_role("logs", self.variant["Role"], "SageMaker")
        stream = f"{self.variant['VariantName']}/i-{self.child.process.pid}-{int(time.time())}"
        group = f"/aws/sagemaker/Endpoints/{self.endpoint}"
        self.log = LogStream(self.child.process.stdout, client, group, stream)

    def _wait_for_ping(self) -> None:
        assert self.child is not None and self.log is not None
        deadline = time.monotonic() + (self.variant.get("StartupSeconds") or STARTUP_SECONDS)
        while not self._answers_ping():
            gone = self.child.exit_code is not None
            if gone or time.monotonic() > deadline or self.abandoned.wait(0.1):
                self.child.bury()
                self.log.close()
                raise NotServing(
                    f"The primary container for production variant {self.variant['VariantName']} did not "
                    "pass the ping health check. Please check CloudWatch logs for this endpoint. "
                    f"Its last words: {self.log.last_words or '(none)'}"
                )

    def _await_end(self) -> None:
        if self.child:
            with suppress(subprocess.TimeoutExpired):
                self.child.process.wait(0.5)

    def _answers_ping(self) -> bool:
        try:
            return self._request("GET", "/ping", None, {}, PING_SECONDS).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def _request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], seconds: float
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(
                response.status,
                response.getheader("Content-Type", "application/octet-stream"),
                response.getheader("X-Amzn-SageMaker-Custom-Attributes", ""),
                response.read(),
            )
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
