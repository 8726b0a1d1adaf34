"""Turns the metrics that functions and jobs write into their logs (EMF) into CloudWatch metrics.

AWS does this as the lines arrive. Here a follower reads each log group again from shortly before its newest
line and remembers what it has counted, so that a line counts once although it is read several times.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

LOG_GROUPS = ("/aws/lambda/medloop-", "/aws/sagemaker/")

OVERLAP = 60_000
"""Milliseconds by which a line may arrive later than a newer one and still be counted."""

BATCH = 500
"""PutMetricData takes at most 1000 data."""


@dataclass(frozen=True)
class Datum:
    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    values: tuple[float, ...]
    timestamp: int
    """Milliseconds since the epoch."""

    def request(self) -> dict[str, Any]:
        """As PutMetricData takes it."""
        return {
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
            "Timestamp": datetime.fromtimestamp(self.timestamp / 1000, UTC),
            "Values": list(self.values),
            "Unit": self.unit,
        }


def emf_metrics(line: str) -> list[Datum]:
    """The data of one log line: each metric once for each set of dimensions. Empty for any other line."""
    start = line.find("{")
    if '"CloudWatchMetrics"' not in line or start < 0:
        return []
    try:
        document = json.loads(line[start:])
        return [datum for directive in _directives(document) for datum in _data(document, directive)]
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        # CloudWatch passes over malformed EMF as well.
        return []


def _directives(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    timestamp = int(document["_aws"]["Timestamp"])
    for directive in document["_aws"]["CloudWatchMetrics"]:
        yield {**directive, "Timestamp": timestamp}


def _data(document: Mapping[str, Any], directive: Mapping[str, Any]) -> Iterator[Datum]:
    for names in directive.get("Dimensions") or [[]]:
        dimensions = tuple((name, str(document[name])) for name in names)
        for metric in directive["Metrics"]:
            value = document[metric["Name"]]
            values = tuple(float(one) for one in (value if isinstance(value, list) else [value]))
            unit = metric.get("Unit", "None")
            yield Datum(
                directive["Namespace"], metric["Name"], unit, dimensions, values, directive["Timestamp"]
            )


class Counted(BaseModel):
    """What one log group has been counted up to."""

    model_config = ConfigDict(frozen=True)

    newest: int = 0
    """Milliseconds since the epoch, of the newest line read."""
    lines: dict[str, int] = {}
    """Fingerprint and time of each line counted within the overlap."""

    def add(self, lines: Mapping[str, int]) -> "Counted":
        newest = max([self.newest, *lines.values()])
        recent = {line: at for line, at in {**self.lines, **lines}.items() if at >= newest - OVERLAP}
        return Counted(newest=newest, lines=recent)


class Follower:
    """Follows every log group of medloop; its memory survives a restart."""

    def __init__(self, logs: Any, cloudwatch: Any, memory: Path) -> None:
        self.logs, self.cloudwatch, self.memory = logs, cloudwatch, memory
        self.counted = _remembered(memory)

    def follow(self) -> int:
        """Count what is new in every group; the number of data published."""
        return sum(self._follow(group) for group in self._groups())

    def _groups(self) -> list[str]:
        pages = self.logs.get_paginator("describe_log_groups")
        return [
            group["logGroupName"]
            for prefix in LOG_GROUPS
            for page in pages.paginate(logGroupNamePrefix=prefix)
            for group in page["logGroups"]
        ]

    def _follow(self, group: str) -> int:
        before = self.counted.get(group, Counted())
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=max(0, before.newest - OVERLAP), filterPattern='"CloudWatchMetrics"'
        )
        events = {_fingerprint(event): event for page in pages for event in page["events"]}
        new = {mark: event for mark, event in events.items() if mark not in before.lines}
        if not new:
            return 0
        # Remembered first: a crash in between loses lines, rather than count errors twice.
        self._remember(group, before.add({mark: event["timestamp"] for mark, event in new.items()}))
        try:
            return self._publish([datum for event in new.values() for datum in emf_metrics(event["message"])])
        except (BotoCoreError, ClientError):
            self._remember(group, before)
            raise

    def _publish(self, data: list[Datum]) -> int:
        for namespace in sorted({datum.namespace for datum in data}):
            requests = [datum.request() for datum in data if datum.namespace == namespace]
            for start in range(0, len(requests), BATCH):
                self.cloudwatch.put_metric_data(
                    Namespace=namespace, MetricData=requests[start : start + BATCH]
                )
        return len(data)

    def _remember(self, group: str, counted: Counted) -> None:
        self.counted[group] = counted
        text = json.dumps({name: entry.model_dump() for name, entry in self.counted.items()})
        aside = self.memory.with_suffix(".new")
        aside.write_text(text)
        aside.replace(self.memory)


def _remembered(memory: Path) -> dict[str, Counted]:
    try:
        stored = json.loads(memory.read_text())
        return {group: Counted.model_validate(entry) for group, entry in stored.items()}
    except (FileNotFoundError, json.JSONDecodeError, ValidationError):
        return {}


def _fingerprint(event: Mapping[str, Any]) -> str:
    """ministack numbers the events of PutLogEvents only, not those of a function."""
    text = f"{event['logStreamName']} {event['timestamp']} {event['message']}"
    return str(event.get("eventId") or hashlib.sha256(text.encode()).hexdigest()[:32])
