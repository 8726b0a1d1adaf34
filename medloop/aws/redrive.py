"""Dead-lettered messages back to the queue that they came from, once the cause is mended."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from medloop.aws.clients import client
from medloop.aws.queues import url_of

NO_MOVE_TASKS: Final = frozenset(
    {"InvalidAction", "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"}
)
"""How a service says that it moves no messages by itself: the laptop's, or AWS where a task runs already."""

_INVISIBLE_SECONDS: Final = 120
"""How long a message that is being carried is hidden in its dead-letter queue; then it is there again."""


class NotMoved(RuntimeError):
    """SQS stopped on the way; what was not moved still lies in the dead-letter queue."""


@dataclass(frozen=True)
class DeadLetters:
    """A dead-letter queue and where its messages come from."""

    name: str
    url: str
    arn: str
    source: str
    """The name of the queue whose messages end here."""
    source_url: str
    source_arn: str
    waiting: int
    in_flight: int


def dead_letters(prefix: str) -> list[DeadLetters]:
    """Every queue whose name begins so and that another such queue names in its redrive policy, by name."""
    pages = client("sqs").get_paginator("list_queues").paginate(QueueNamePrefix=prefix)
    queues = [_attributes(url) for page in pages for url in page.get("QueueUrls", [])]
    by_arn = {queue["QueueArn"]: queue for queue in queues}
    found = []
    for source in queues:
        target = json.loads(source.get("RedrivePolicy", "{}")).get("deadLetterTargetArn")
        if target in by_arn:
            found.append(_dead_letters(by_arn[target], source))
    return sorted(found, key=lambda queue: queue.name)


def dead_letters_of(source: str) -> DeadLetters:
    """Where the messages of this queue end, by its name. Raises ClientError where there is no such queue."""
    queue = _attributes(url_of(source))
    target: str = json.loads(queue["RedrivePolicy"])["deadLetterTargetArn"]
    return _dead_letters(_attributes(url_of(target.rsplit(":", 1)[-1])), queue)


def oldest(queue: DeadLetters) -> datetime | None:
    """When the oldest of ten of its messages was first sent; None where there is none to be seen."""
    received = client("sqs").receive_message(
        QueueUrl=queue.url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
        MessageSystemAttributeNames=["SentTimestamp"],
    )
    sent = [int(message["Attributes"]["SentTimestamp"]) for message in received.get("Messages", [])]
    return datetime.fromtimestamp(min(sent) / 1000, UTC) if sent else None


def redrive(queue: DeadLetters, pause_seconds: float = 1.0) -> Iterator[int]:
    """How many messages have gone back so far, again and again until all that wait now have.

    On AWS the service moves them, and goes on when this process ends. Elsewhere each is sent before it is
    deleted: an interruption may leave a message in both queues, which the doors bear, and never in none.

    Raises:
        NotMoved: SQS refused some.
    """
    try:
        client("sqs").start_message_move_task(SourceArn=queue.arn, DestinationArn=queue.source_arn)
    except ClientError as error:
        if error.response["Error"]["Code"] not in NO_MOVE_TASKS:
            raise
        yield from _carried(queue)
    else:
        yield from _watched(queue, pause_seconds)


def _watched(queue: DeadLetters, pause_seconds: float) -> Iterator[int]:
    while True:
        tasks = client("sqs").list_message_move_tasks(SourceArn=queue.arn, MaxResults=1).get("Results", [])
        task: dict[str, Any] = tasks[0] if tasks else {}
        yield int(task.get("ApproximateNumberOfMessagesMoved", 0))
        if task.get("Status") == "COMPLETED":
            return
        if task.get("Status") in ("FAILED", "CANCELLED"):
            raise NotMoved(
                f"the move task ended as {task['Status']}: {task.get('FailureReason', 'no reason')}"
            )
        time.sleep(pause_seconds)


def _carried(queue: DeadLetters) -> Iterator[int]:
    moved = 0
    # Those that fail again come back here meanwhile: without the count this might never end.
    while moved < queue.waiting:
        received = client("sqs").receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=min(10, queue.waiting - moved),
            VisibilityTimeout=_INVISIBLE_SECONDS,
            WaitTimeSeconds=2,
            MessageAttributeNames=["All"],
        )
        messages = {str(number): message for number, message in enumerate(received.get("Messages", []))}
        if not messages:
            return
        moved += _carry(queue, messages)
        yield moved


def _carry(queue: DeadLetters, messages: dict[str, dict[str, Any]]) -> int:
    answer = client("sqs").send_message_batch(
        QueueUrl=queue.source_url,
        Entries=[
            {
                "Id": number,
                "MessageBody": message["Body"],
                "MessageAttributes": message.get("MessageAttributes", {}),
            }
            for number, message in messages.items()
        ],
    )
    sent = [entry["Id"] for entry in answer.get("Successful", [])]
    if sent:
        handles = [{"Id": number, "ReceiptHandle": messages[number]["ReceiptHandle"]} for number in sent]
        client("sqs").delete_message_batch(QueueUrl=queue.url, Entries=handles)
    if len(sent) < len(messages):
        raise NotMoved(f"{queue.source} refused {len(messages) - len(sent)} of {len(messages)} messages")
    return len(sent)


def _attributes(url: str) -> dict[str, str]:
    names = [
        "QueueArn",
        "RedrivePolicy",
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
    ]
    found: dict[str, str] = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)[
        "Attributes"
    ]
    return {**found, "url": url}


def _dead_letters(queue: dict[str, str], source: dict[str, str]) -> DeadLetters:
    return DeadLetters(
        name=queue["QueueArn"].rsplit(":", 1)[-1],
        url=queue["url"],
        arn=queue["QueueArn"],
        source=source["QueueArn"].rsplit(":", 1)[-1],
        source_url=source["url"],
        source_arn=source["QueueArn"],
        waiting=int(queue["ApproximateNumberOfMessages"]),
        in_flight=int(queue["ApproximateNumberOfMessagesNotVisible"]),
    )
