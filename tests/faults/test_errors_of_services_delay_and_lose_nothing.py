"""S3, KMS, SQS and PostgreSQL fail now and then, or all the time for a while: nothing is lost."""

import time

import pytest

from benchmarks.books import Books
from benchmarks.soak import rates
from benchmarks.stage import Stage
from local.faults import Faults, Plan
from tests.faults.conftest import scaled

pytestmark = pytest.mark.cloud

BAD = (b"", b"Dear colleague, the patient ...")
"""Refused for good, whatever else fails: empty, not_an_image."""


@pytest.mark.parametrize("percent", [5, 20])
def test_errors_now_and_then(
    stage: Stage, faults: Faults, books: Books, slices: list[bytes], percent: int
) -> None:
    faults.follow(Plan(seed=percent, rates=rates(percent / 100)))
    with stage.woken_with(BatchSize=2, ScalingConfig={"MaximumConcurrency": 4}), stage.retried_after(20):
        books.put_all(slices[: scaled(30)])
        bad = [books.put(f"labelled/b/{n}.dcm", BAD[n % 2]) for n in range(scaled(6))]
        books.wait(180)
    rows = books.verdicts()
    assert books.states() == {"accepted": len(books.puts) - len(bad), "quarantined": len(bad)}
    assert {rows[put.id].reason for put in bad} == {"empty", "not_an_image"}
    assert books.balance().is_even, books.balance()
    assert sum(faults.injected().values()) > 0


@pytest.mark.parametrize("service", ["s3", "postgresql"])
def test_an_outage(stage: Stage, faults: Faults, books: Books, slices: list[bytes], service: str) -> None:
    with stage.woken_with(BatchSize=2, ScalingConfig={"MaximumConcurrency": 4}), stage.retried_after(8):
        faults.follow(Plan(outages=((service, 0.0, time.time() + 6),)))
        books.put_all(slices[: scaled(8)])
        books.wait(120)
    assert books.states() == {"accepted": len(books.puts)}
    assert books.balance().is_even, books.balance()
    assert faults.injected()[f"{service} refused"] > 0


def test_everything_ten_times_slower(stage: Stage, faults: Faults, books: Books, slices: list[bytes]) -> None:
    slow = {"slow": 1.0}
    faults.follow(
        Plan(rates={"s3": slow, "postgresql": slow, "events": slow}, slowness=(0.02, 0.04))  # type: ignore[dict-item]
    )
    books.put_all(slices[: scaled(20)])
    books.wait(120)
    assert books.states() == {"accepted": len(books.puts)}
    assert books.balance().is_even, books.balance()
