"""Events get lost: the reconciler finds every object version that nobody announced, within one round."""

import pytest

from benchmarks.books import Books
from benchmarks.stage import Stage
from tests.faults.conftest import scaled

pytestmark = pytest.mark.cloud


def test_one_round_finds_all(stage: Stage, books: Books, slices: list[bytes]) -> None:
    books.put_all(slices[: scaled(20)])
    with stage.unannounced():
        dropped = [books.put(f"labelled/b/{n}.dcm", slices[-1 - n]) for n in range(scaled(5))]
    books.wait(dead=len(dropped))
    assert books.states() == {"accepted": len(books.puts) - len(dropped)}
    stage.reconcile()
    books.wait()
    assert books.states() == {"accepted": len(books.puts)}
    assert books.balance().is_even, books.balance()
