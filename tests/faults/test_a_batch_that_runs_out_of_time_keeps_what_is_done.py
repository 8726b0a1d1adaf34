"""A function is stopped in the middle of its batch: what was finished stays so, the rest comes again."""

from collections import defaultdict

import pytest

from benchmarks.books import Books
from benchmarks.stage import Stage
from local.faults import Faults, Plan

pytestmark = pytest.mark.cloud

SECONDS = 4
"""The function's time-out."""

FIRST_CALL = "INSERT INTO uploads"
"""What on_upload does first for every record."""


def test_slow_records_are_left_for_later(
    stage: Stage, faults: Faults, books: Books, slices: list[bytes]
) -> None:
    with stage.retried_after(6), stage.configured(Timeout=SECONDS):
        # Another time-out is another function: it starts here, and not in the time of the batch.
        books.put("labelled/b/first.dcm", slices[10])
        books.wait()
        faults.follow(Plan(sluggish="/labelled/a/slow/", sluggish_seconds=0.5, trace=True))
        with stage.paused():
            books.put_all(slices[:10], "labelled/a/slow")
        books.wait()
    assert books.states() == {"accepted": 11}
    assert books.balance().is_even, books.balance()
    assert reads(faults) == 10, "a finished record was taken in again"
    assert latest_beginning(faults) <= 0.8 * SECONDS


def test_one_record_too_slow_for_any_batch_takes_no_other_with_it(
    stage: Stage, faults: Faults, books: Books, slices: list[bytes]
) -> None:
    faults.follow(Plan(sluggish="endless", sluggish_seconds=60))
    with stage.retried_after(6), stage.configured(Timeout=3):
        with stage.paused():
            books.put("labelled/a/endless.dcm", slices[0])
            books.put_all(slices[1:6])
        stage.wait_until_decided(books.project, 5, 60)
        faults.stop()
        books.wait()
    assert books.states() == {"accepted": 6}
    assert books.balance().is_even, books.balance()


def reads(faults: Faults) -> int:
    """How often an object was read to its end."""
    calls = [entry for entry in faults.journal() if entry["call"] == "GetObject"]
    return len(calls) // 2


def latest_beginning(faults: Faults) -> float:
    """Seconds into its invocation at which the latest record was begun."""
    begun: dict[str, list[float]] = defaultdict(list)
    for entry in faults.journal():
        if entry["call"] == FIRST_CALL:
            begun[entry["invocation"]].append(entry["at"])
    return max(max(times) - min(times) for times in begun.values())
