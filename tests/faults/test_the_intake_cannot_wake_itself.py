"""An event about what the intake itself wrote ends at its door, should one ever come."""

import pytest

from benchmarks.books import Books
from benchmarks.stage import Stage

pytestmark = pytest.mark.cloud


def test_its_own_output_is_ignored(stage: Stage, books: Books, slices: list[bytes]) -> None:
    curated = stage.settings.curated_bucket
    books.put_all(slices[:1])
    books.wait()
    before = books.balance()
    (own, *_) = stage.curated_keys(books.project)
    event = stage.event(books.puts[0], bucket=curated).replace(books.puts[0].key, own)
    stage.sqs.send_message(QueueUrl=stage.settings.intake_queue_url, MessageBody=event)
    stage.wait_until_quiet()
    assert books.balance() == before
    assert stage.depth("medloop-laptop-intake-dlq").messages == 0


def test_what_it_writes_is_announced_to_nobody(stage: Stage) -> None:
    found = stage.s3.get_bucket_notification_configuration(Bucket=stage.settings.curated_bucket)
    assert not set(found) - {"ResponseMetadata"}
