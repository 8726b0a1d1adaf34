"""Messages onto SQS queues."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice

from pydantic import BaseModel

from medloop.aws.clients import client

THREADS = 16
"""SQS tells of one queue at a time, and a stack has thirty."""


class SendFailed(RuntimeError):
    """SQS took only a part of a batch; sending again is safe, receivers are idempotent."""


def send(queue_url: str, message: BaseModel, delay_seconds: int = 0) -> None:
    """`delay_seconds` is 0 to 900."""
    client("sqs").send_message(
        QueueUrl=queue_url, MessageBody=message.model_dump_json(by_alias=True), DelaySeconds=delay_seconds
    )


def send_all(queue_url: str, messages: Iterable[BaseModel]) -> int:
    """Send in batches of ten; how many were sent.

    Raises:
        SendFailed: some entries were refused.
    """
    remaining = iter(messages)
    sent = 0
    while batch := list(islice(remaining, 10)):
        entries = [
            {"Id": str(number), "MessageBody": message.model_dump_json(by_alias=True)}
            for number, message in enumerate(batch)
        ]
        answer = client("sqs").send_message_batch(QueueUrl=queue_url, Entries=entries)
        if answer.get("Failed"):
            raise SendFailed(f"{len(answer['Failed'])} of {len(batch)} messages were refused")
        sent += len(batch)
    return sent


@dataclass(frozen=True)
class QueueDepth:
    name: str
    waiting: int
    in_flight: int


def depths(prefix: str) -> list[QueueDepth]:
    """Every queue whose name begins so, by name."""
    pages = client("sqs").get_paginator("list_queues").paginate(QueueNamePrefix=prefix)
    urls = [url for page in pages for url in page.get("QueueUrls", [])]
    with ThreadPoolExecutor(THREADS) as pool:
        return sorted(pool.map(_depth, urls), key=lambda depth: depth.name)


def depths_of(names: Iterable[str]) -> list[QueueDepth]:
    """Of queues whose names are known: whoever may list none can ask for these."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda name: _depth(url_of(name)), names))


@cache
def url_of(name: str) -> str:
    """Raises ClientError where there is no such queue."""
    return str(client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def _depth(url: str) -> QueueDepth:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return QueueDepth(url.rsplit("/", 1)[-1], int(found[names[0]]), int(found[names[1]]))
