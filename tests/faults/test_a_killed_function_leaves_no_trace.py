"""kill -9 before or after any call of on_upload: the message comes again, and ends as if nothing was."""

import pytest

from benchmarks.books import Books
from benchmarks.stage import Stage
from local.faults import Faults, Plan
from tests.faults.conftest import scaled

pytestmark = pytest.mark.cloud

STEPS = 16
"""At most so many of an image's steps are tried in a quick run, spread evenly."""


def test_at_every_step(stage: Stage, faults: Faults, books: Books, slices: list[bytes]) -> None:
    with stage.woken_with(BatchSize=1), stage.retried_after(6):
        faults.follow(Plan(trace=True))
        books.put("labelled/a/traced.dcm", slices[0])
        books.wait()
        steps = sorted({entry["step"] for entry in faults.journal()})
        assert len(steps) >= 8
        chosen = steps[:: -(-len(steps) // scaled(STEPS))]
        faults.follow(Plan(crashes=tuple(chosen)))
        books.put_all(slices[1 : len(chosen) + 1], "labelled/b")
        books.wait()
    crashes = [entry for entry in faults.journal() if entry["kind"] == "crash"]
    assert sorted(entry["step"] for entry in crashes) == chosen
    assert books.states() == {"accepted": len(books.puts)}
    assert books.balance().is_even, books.balance()
