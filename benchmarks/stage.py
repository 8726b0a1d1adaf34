"""A deployed laptop cloud as benchmarks and fault tests drive it: no state of this process is touched.

The commands keep one cloud per process; here several may be alive, so every client is this stage's own.
"""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config

from local import faults
from local.cloud import laptop
from local.deploy import REPOSITORY
from local.gateway import WORKERS
from local.state import Laptop
from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.projects import get_project
from medloop.catalogue.secret import Connection
from medloop.rules.intake import image_id
from medloop.settings import Settings

INTAKE = "medloop-laptop-intake"
ON_UPLOAD = "medloop-laptop-on-upload"


class NeverHappened(AssertionError):
    """What was waited for did not come."""


def until(what: str, reached: Callable[[], Any], seconds: float = 60.0, cadence: float = 0.2) -> Any:
    """The first truth that `reached` finds."""
    deadline = time.monotonic() + seconds
    while not (found := reached()):
        if time.monotonic() > deadline:
            raise NeverHappened(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(cadence)
    return found


@dataclass(frozen=True)
class Put:
    """One object version as it was uploaded."""

    id: str
    key: str
    version: str
    size: int
    began: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class Verdict:
    """A row of the catalogue, as far as accounts are concerned."""

    id: str
    state: str
    reason: str | None
    received_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Depth:
    waiting: int
    in_flight: int

    @property
    def messages(self) -> int:
        return self.waiting + self.in_flight


class Stage:
    """One deployment and the handles it is turned by."""

    def __init__(self, cloud: Laptop) -> None:
        self.cloud = cloud
        self.settings = Settings.from_outputs(cloud.outputs)

    @cached_property
    def s3(self) -> Any:
        return self.client("s3")

    @cached_property
    def sqs(self) -> Any:
        return self.client("sqs")

    @cached_property
    def functions(self) -> Any:
        return self.client("lambda")

    @cached_property
    def catalogue(self) -> Catalogue:
        return open_catalogue(json.dumps({"url": self.cloud.catalogue}))

    def client(self, service: str) -> Any:
        aws = self.cloud.aws
        return boto3.Session().client(
            service,
            endpoint_url=self.cloud.endpoint,
            region_name=self.cloud.region,
            aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
            config=Config(max_pool_connections=32, retries={"mode": "standard", "max_attempts": 5}),
        )

    # ── uploading ────────────────────────────────────────────────────────────────────────────────────

    def create_project(self, name: str, **changes: Any) -> None:
        """A project of two classes, a and b, that never trains by itself."""
        definition = {
            "classes": ["a", "b"],
            "retraining": {"every_days": None, "after_new_labels": None},
        }
        self.put(f"{name}/project.yaml", yaml.safe_dump(definition | changes).encode())
        until("the project", lambda: self.catalogue.read(lambda conn: get_project(conn, name)))

    def put(self, key: str, content: bytes) -> Put:
        began = time.time()
        bucket = self.settings.uploads_bucket
        version = self.s3.put_object(Bucket=bucket, Key=key, Body=content)["VersionId"]
        return Put(image_id(bucket, key, version), key, version, len(content), began)

    def announce(self, puts: Iterable[Put], sequencer: str = "0") -> None:
        """S3's event again for each of these, as EventBridge puts it onto the intake queue."""
        bodies = [self.event(put, sequencer) for put in puts]
        for start in range(0, len(bodies), 10):
            entries = [
                {"Id": str(number), "MessageBody": body}
                for number, body in enumerate(bodies[start : start + 10])
            ]
            self.sqs.send_message_batch(QueueUrl=self.settings.intake_queue_url, Entries=entries)

    def event(self, put: Put, sequencer: str = "0", bucket: str | None = None) -> str:
        detail = {
            "bucket": {"name": bucket or self.settings.uploads_bucket},
            "object": {
                "key": put.key,
                "size": put.size,
                "version-id": put.version,
                "sequencer": sequencer,
            },
        }
        return json.dumps(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": "Object Created",
                "source": "aws.s3",
                "account": "000000000000",
                "time": datetime.now(UTC).isoformat(),
                "region": self.cloud.region,
                "resources": [],
                "detail": detail,
            }
        )

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────

    def verdicts(self, project: str) -> list[Verdict]:
        def read(conn: Connection) -> list[Verdict]:
            rows = conn.execute(VERDICTS, {"project": project}).fetchall()
            return [Verdict(*row) for row in rows]

        return self.catalogue.read(read)

    def decided(self, project: str) -> int:
        """How many uploads of the project have a verdict."""

        def read(conn: Connection) -> int:
            row = conn.execute(DECIDED, {"project": project}).fetchone()
            return int(row[0]) if row else 0

        return self.catalogue.read(read)

    def wait_until_decided(self, project: str, count: int, seconds: float) -> None:
        until(f"the verdict on {count} uploads", lambda: self.decided(project) >= count, seconds)

    def image_ids(self, project: str) -> list[str]:
        return self.catalogue.read(
            lambda conn: [found for (found,) in conn.execute(IMAGES, {"project": project}).fetchall()]
        )

    def depth(self, queue: str) -> Depth:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue_url(queue), AttributeNames=names)[
            "Attributes"
        ]
        return Depth(int(found[names[0]]), int(found[names[1]]))

    def wait_until_quiet(self, queue: str = INTAKE, seconds: float = 120.0) -> None:
        """Until nothing waits and nothing is in flight."""
        until(f"quiet on {queue}", lambda: self.depth(queue).messages == 0, seconds)

    def queue_url(self, queue: str) -> str:
        return str(self.sqs.get_queue_url(QueueName=queue)["QueueUrl"])

    def curated_keys(self, project: str) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.settings.curated_bucket, Prefix=f"images/{project}/"
        )
        for page in pages:
            yield from (item["Key"] for item in page.get("Contents", []))

    # ── turning ──────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def retried_after(self, seconds: int, queue: str = INTAKE) -> Iterator[None]:
        """How long a message waits between two attempts; minutes in the template."""
        url = self.queue_url(queue)
        before = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})
        try:
            yield
        finally:
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes=before["Attributes"])

    @contextmanager
    def woken_with(self, function: str = ON_UPLOAD, **changes: Any) -> Iterator[None]:
        """Another BatchSize, ScalingConfig or Enabled of the function's event source mapping."""
        (mapping,) = self.functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        before = {name: mapping[name] for name in ("BatchSize", "ScalingConfig") if name in mapping}
        self.functions.update_event_source_mapping(UUID=mapping["UUID"], **changes)
        try:
            yield
        finally:
            self.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True, **before)

    @contextmanager
    def unannounced(self) -> Iterator[None]:
        """S3's events of the uploads bucket come to nobody."""
        events, rule = self.client("events"), "medloop-laptop-object-created"
        events.disable_rule(Name=rule)
        try:
            yield
        finally:
            events.enable_rule(Name=rule)

    @contextmanager
    def paused(self, function: str = ON_UPLOAD) -> Iterator[None]:
        """Messages gather; whoever leaves the block lets them in."""
        with self.woken_with(function, Enabled=False):
            time.sleep(1.2)
            yield

    def reconcile(self) -> None:
        """What on_reconcile_due does every quarter of an hour, with no patience for events under way.

        In a process of its own: settings and clients live as long as their process.
        """
        subprocess.run(
            [sys.executable, "-c", RECONCILE],
            check=True,
            cwd=REPOSITORY,
            env={**os.environ, **self.cloud.aws, **self.settings.as_environment()},
            capture_output=True,
        )

    def redrive(self, queue: str = INTAKE) -> int:
        """Every dead letter back to its queue; how many there were."""
        dead, alive, moved = self.queue_url(f"{queue}-dlq"), self.queue_url(queue), 0
        while letters := self.sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"):
            for letter in letters:
                self.sqs.send_message(QueueUrl=alive, MessageBody=letter["Body"])
                self.sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
                moved += 1
        return moved

    @contextmanager
    def configured(self, function: str = ON_UPLOAD, **changes: Any) -> Iterator[None]:
        """Another Timeout or MemorySize of the function."""
        before = self.functions.get_function_configuration(FunctionName=function)
        self.functions.update_function_configuration(FunctionName=function, **changes)
        try:
            yield
        finally:
            restored = {name: before[name] for name in changes}
            self.functions.update_function_configuration(FunctionName=function, **restored)


RECONCILE = """
from datetime import timedelta
import functions.on_reconcile_due as door
door.UPLOAD_PATIENCE = timedelta(0)
door.on_reconcile_due('{"kind": "ReconcileDue"}')
"""

VERDICTS = """
SELECT id, state, reason, received_at, finished_at FROM uploads
WHERE project = %(project)s AND purpose IS DISTINCT FROM 'project' ORDER BY id"""

DECIDED = """
SELECT count(*) FROM uploads
WHERE project = %(project)s AND purpose IS DISTINCT FROM 'project' AND state <> 'received'"""

IMAGES = "SELECT id FROM images WHERE project = %(project)s ORDER BY id"


@contextmanager
def staged(home: Path, faults_folder: Path | None = None, workers: int | None = None) -> Iterator[Stage]:
    """A fresh cloud for the length of a block; its functions follow the fault plan in that folder."""
    wishes = {faults.FOLDER: faults_folder, WORKERS: workers}
    given = {name: str(value) for name, value in wishes.items() if value is not None}
    with _variables(given), laptop(home, fresh=True) as cloud:
        stage = Stage(cloud)
        try:
            yield stage
        finally:
            stage.catalogue.close()


@contextmanager
def _variables(wanted: dict[str, str]) -> Iterator[None]:
    """The cloud's processes inherit them."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 of any number of values, 0 of none."""
    ordered = sorted(values)
    return {
        f"p{percent}": ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0
        for percent in (50, 95, 99)
    }
