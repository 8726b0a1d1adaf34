"""Publishes each queue's depth and age as AWS/SQS metrics: AWS does so itself, ministack does not."""

import json
import time
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

HEARTBEAT = 30.0
"""Seconds between two readings of a queue that stays empty: its alarm needs data to become OK again."""


class QueueWatch:
    """Reads every queue of medloop by the public API; only the age of the oldest message has none."""

    def __init__(self, sqs: Any, cloudwatch: Any, endpoint: str) -> None:
        self.sqs, self.cloudwatch, self.endpoint = sqs, cloudwatch, endpoint
        self.published: dict[str, tuple[float, bool]] = {}
        """When each queue was published last, and whether it was empty."""

    def publish(self) -> int:
        """The number of queues published; an empty queue is silent between heartbeats, which saves space."""
        now, data, queues = time.time(), [], self.sqs.list_queues(QueueNamePrefix="medloop-")
        for url in queues.get("QueueUrls", []):
            visible, age = self._read(url, now)
            last, was_empty = self.published.get(url, (0.0, False))
            if age or visible or not was_empty or now - last >= HEARTBEAT:
                self.published[url] = (now, not (age or visible))
                data += _data(url.rsplit("/", 1)[-1], visible, age)
        for start in range(0, len(data), 500):
            self.cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=data[start : start + 500])
        return len(data) // 2

    def _read(self, url: str, now: float) -> tuple[int, float]:
        """Messages that wait, and the age in seconds of the oldest one, in flight or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        visible, in_flight = (int(attributes[name]) for name in names)
        return visible, self._age(url, now) if visible or in_flight else 0.0

    def _age(self, url: str, now: float) -> float:
        listing = f"{self.endpoint}/_ministack/sqs/messages?QueueUrl={quote(url, safe='')}"
        with urlopen(listing, timeout=10) as answer:
            accounts = json.load(answer)["messages"]
        sent = [
            message["SentTimestamp"]
            for regions in accounts.values()
            for queues in regions.values()
            for messages in queues.values()
            for message in messages
        ]
        return max(0.0, now - min(sent)) if sent else 0.0


def _data(queue: str, visible: int, age: float) -> list[dict[str, Any]]:
    dimensions = [{"Name": "QueueName", "Value": queue}]
    return [
        {
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Dimensions": dimensions,
            "Value": float(visible),
            "Unit": "Count",
        },
        {
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": dimensions,
            "Value": age,
            "Unit": "Seconds",
        },
    ]
