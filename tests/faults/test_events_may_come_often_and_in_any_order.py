"""Events come once to five times, shuffled, or late: each object version is taken in once, as itself."""

import random

import pytest
import yaml

from benchmarks.books import Books
from benchmarks.stage import Stage
from medloop.catalogue.projects import get_project
from tests.faults.conftest import scaled

pytestmark = pytest.mark.cloud


def test_duplicates_shuffled(stage: Stage, books: Books, slices: list[bytes]) -> None:
    chance = random.Random(1)
    with stage.unannounced():
        puts = books.put_all(slices[: scaled(40)])
    deliveries = [put for put in puts for _ in range(chance.randint(1, 5))]
    chance.shuffle(deliveries)
    stage.announce(deliveries)
    books.wait()
    assert books.states() == {"accepted": len(puts)}
    assert books.balance().is_even, books.balance()


def test_an_older_version_late_is_still_itself(stage: Stage, books: Books, slices: list[bytes]) -> None:
    with stage.unannounced():
        older, newer = (books.put("labelled/a/same.dcm", content) for content in slices[:2])
    stage.announce([newer], sequencer="0000000000000002")
    stage.wait_until_quiet()
    stage.announce([older], sequencer="0000000000000001")
    books.wait()
    assert books.states() == {"accepted": 2}
    assert books.balance().is_even, books.balance()


def test_an_older_project_late_does_not_win(stage: Stage, books: Books) -> None:
    name = books.project
    with stage.unannounced():
        old, new = (
            stage.put(f"{name}/project.yaml", yaml.safe_dump({"classes": classes}).encode())
            for classes in (["a", "b"], ["a", "b", "c"])
        )
    stage.announce([new], sequencer="0000000000000002")
    stage.wait_until_quiet()
    stage.announce([old], sequencer="0000000000000001")
    stage.wait_until_quiet()
    project = stage.catalogue.read(lambda conn: get_project(conn, name))
    assert project is not None and list(project.classes) == ["a", "b", "c"]


def test_deleted_before_its_event_came(stage: Stage, books: Books, slices: list[bytes]) -> None:
    bucket = stage.settings.uploads_bucket
    with stage.unannounced():
        hidden, erased = (books.put(f"labelled/a/{n}.dcm", slices[n]) for n in range(2))
    stage.s3.delete_object(Bucket=bucket, Key=hidden.key)
    stage.s3.delete_object(Bucket=bucket, Key=erased.key, VersionId=erased.version)
    stage.announce([hidden, erased])
    books.wait()
    rows = books.verdicts()
    assert rows[hidden.id].state == "accepted"
    assert (rows[erased.id].state, rows[erased.id].reason) == ("ignored", "deleted")
    assert books.balance().is_even, books.balance()
