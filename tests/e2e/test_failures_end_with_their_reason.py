"""What cannot succeed ends visibly, tells people, and leaves the champion alone."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.state import Laptop
from medloop.aws import objects
from medloop.aws.clients import client
from medloop.aws.datasets import read_contents
from medloop.settings import Settings
from tests.e2e.loop import Loop, until

pytestmark = pytest.mark.cloud


def told(cloud: Laptop, words: str) -> bool:
    """Whether the webhook receiver got a message with these words."""
    file = cloud.home / "webhooks.jsonl"
    return file.exists() and any(words in line for line in file.read_text().splitlines())


@contextmanager
def quick_retries(queue: str) -> Iterator[None]:
    """A second instead of minutes between two attempts at a message."""
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before)


def test_an_altered_shard_fails_the_job_and_leaves_the_champion(shapes: Loop, cloud: Laptop) -> None:
    champion = shapes.champion()
    bucket, dataset = shapes.settings.curated_bucket, shapes.jobs()[0].dataset
    contents = read_contents(bucket, "shapes", dataset)
    assert contents is not None
    path = contents.shards[0].path
    original = objects.read(bucket, path)
    middle = len(original) // 2
    objects.write(bucket, path, original[:middle] + bytes([original[middle] ^ 1]) + original[middle + 1 :])
    try:
        job = shapes.train()
    finally:
        objects.write(bucket, path, original)
    assert job.state == "failed"
    assert job.reason is not None and "AlgorithmError" in job.reason
    until("the alert", lambda: told(cloud, "training failed"))
    assert shapes.champion() == champion


def test_a_challenger_below_the_gate_is_refused_with_the_numbers(shapes: Loop, samples: Path) -> None:
    strict = Loop(shapes.settings, "strict")
    strict.create(("cross", "ring"), epochs=1, gate={"minimum_score": 1.0, "minimum_test_items": 500})
    strict.upload_labelled_of(samples / "labelled", ("cross", "ring"))
    job = strict.train()
    assert job.state == "completed"
    assert job.reason is not None and "500 needed" in job.reason
    assert strict.champion() is None


def test_a_poisonous_message_is_dead_lettered_after_five_attempts_and_rings(
    settings: Settings, cloud: Laptop
) -> None:
    name = "medloop-laptop-backups-due"
    with quick_retries(name):
        sqs = client("sqs")
        sqs.send_message(QueueUrl=settings.backups_due_queue_url, MessageBody='{"kind": "Nonsense"}')
        dead = sqs.get_queue_url(QueueName=f"{name}-dlq")["QueueUrl"]
        until("the dead letter", lambda: depth(dead) == 1, 90)
    until("the alarm", lambda: told(cloud, "critical-backups-due-dead-letters"), 120)
    received = sqs.receive_message(QueueUrl=dead, AttributeNames=["All"], WaitTimeSeconds=1)["Messages"]
    assert json.loads(received[0]["Body"]) == {"kind": "Nonsense"}
    sqs.purge_queue(QueueUrl=dead)


def depth(url: str) -> int:
    names = ["ApproximateNumberOfMessages"]
    return int(client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])


def test_an_alert_survives_a_receiver_that_fails(
    settings: Settings, cloud: Laptop, fail_webhooks: Callable[[int, int], None]
) -> None:
    from events.alarms import AlertRaised
    from medloop.aws.announcements import raise_alert

    with quick_retries("medloop-laptop-alarms"):
        fail_webhooks(500, 2)
        words = "a test of patience"
        alert = AlertRaised(name="patience", severity="info", summary=words, dedup="patience")
        raise_alert(settings.alarms_topic_arn, alert)
        until("the alert", lambda: told(cloud, words), 60)


def test_nothing_that_people_are_told_holds_a_key(cloud: Laptop) -> None:
    file = cloud.home / "webhooks.jsonl"
    assert "labelled/" not in (file.read_text() if file.exists() else "")
