"""A container's output on its way to CloudWatch Logs, with the last words and the metrics in it."""

import logging
import re
import threading
import time
from collections import deque
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker import names
from local.sagemaker.state import Record

logger = logging.getLogger("sagemaker")

PAUSE = 0.5
"""Seconds between two deliveries."""
LONGEST = 200_000
"""Characters of one line; CloudWatch takes 256 KiB."""
BATCH = 500


class LogStream:
    """Reads a pipe to its end in threads of its own."""

    def __init__(
        self, pipe: IO[bytes], client: Any, group: str, stream: str, metrics: list[Record] | None = None
    ) -> None:
        self.pipe, self.client, self.group, self.stream = pipe, client, group, stream
        self.patterns = [(m["Name"], re.compile(m["Regex"])) for m in metrics or []]
        self.metrics: dict[str, Record] = {}
        self.tail: deque[str] = deque(maxlen=15)
        self.waiting: deque[Record] = deque()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._read, self._deliver)]
        for thread in self.threads:
            thread.start()

    @property
    def last_words(self) -> str:
        return "\n".join(self.tail)

    def close(self) -> None:
        """Wait until everything was read and delivered; not for a grandchild that keeps the pipe open."""
        for thread in self.threads:
            thread.join(10)

    def _read(self) -> None:
        with self.pipe:
            for line in self.pipe:
                text = line.decode(errors="replace").rstrip("\r\n")[:LONGEST]
                if text:
                    self.tail.append(text)
                    self._measure(text)
                    self.waiting.append({"timestamp": int(time.time() * 1000), "message": text})
        self.ended.set()

    def _measure(self, text: str) -> None:
        for name, pattern in self.patterns:
            for found in pattern.finditer(text):
                try:
                    value = float(found.group(1))
                except (IndexError, ValueError):
                    continue
                self.metrics[name] = {"MetricName": name, "Value": value, "Timestamp": names.now()}

    def _deliver(self) -> None:
        try:
            self._create(self.client.create_log_group, logGroupName=self.group)
            self._create(self.client.create_log_stream, logGroupName=self.group, logStreamName=self.stream)
            while not self.ended.wait(PAUSE) or self.waiting:
                self._send()
        except (ClientError, BotoCoreError) as error:
            # As on AWS, a role that may not write logs costs the logs and nothing else.
            logger.warning("logs are not written: %s", error)

    def _send(self) -> None:
        while self.waiting:
            events = [self.waiting.popleft() for _ in range(min(BATCH, len(self.waiting)))]
            self.client.put_log_events(logGroupName=self.group, logStreamName=self.stream, logEvents=events)

    def _create(self, create: Any, **arguments: str) -> None:
        try:
            create(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
