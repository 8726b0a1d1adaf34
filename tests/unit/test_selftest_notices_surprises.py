"""A selftest is worth what it notices: leaks, wrong pixels, crashes, hangs, memory, time, files written."""

import faulthandler
import os
import time
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from medloop.intake import Prepared
from medloop.rules.reasons import Reason
from medloop.selftest import checks
from medloop.selftest.cage import run_case
from medloop.selftest.case import Case, Judgement
from medloop.selftest.file import File, accepted, refused
from medloop.selftest.outcome import Outcome
from medloop.selftest.policies import DEFAULT
from tests.images import dicom, png, ramp

SMALL = ramp(8, 6)
GREY = ramp(8, 8, "u1", step=3)


@dataclass(frozen=True)
class Doing:
    """A sample that does something instead of judging a file."""

    act: Callable[[], object]
    project = DEFAULT
    expected: str = "accepted"
    uploads: Mapping[str, bytes] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)
    last: Set[str] = frozenset()

    def judge(self) -> Judgement:
        self.act()
        return Judgement("accepted")


def outcome(sample: File | Doing, wall_seconds: float = 30.0) -> Outcome:
    case = Case("T01", "title", "why.", lambda: [sample], "tests", megabytes=100, cpu_seconds=1.0)
    return run_case(case, wall_seconds)


def surprises(sample: File | Doing, wall_seconds: float = 30.0) -> str:
    return " ".join(outcome(sample, wall_seconds).surprises)


def test_nothing_surprising_is_said_of_a_right_file() -> None:
    found = outcome(accepted("photo.png", png(GREY), checks.values(GREY), format="png"))
    assert (found.as_expected, found.expected, found.got) == (True, "accepted", "accepted")


def test_another_verdict_is_noticed() -> None:
    assert "expected truncated, got accepted" in surprises(refused("photo.png", png(GREY), Reason.TRUNCATED))
    assert "got truncated" in surprises(accepted("photo.png", png(GREY)[:-20]))


def test_other_pixels_are_noticed() -> None:
    assert "1 apart" in surprises(accepted("photo.png", png(GREY), checks.values(GREY + 1)))
    assert "shape is (8, 8)" in surprises(accepted("photo.png", png(GREY), checks.values(GREY[1:])))


def test_other_facts_are_noticed() -> None:
    assert "rows is 8, not 9" in surprises(accepted("photo.png", png(GREY), rows=9))


def test_deviations_are_noticed() -> None:
    bare = dicom(SMALL)[132:]
    assert "deviations are preamble, not none" in surprises(accepted("bare", bare, checks.deviations()))


def test_an_exception_is_noticed() -> None:
    def broken(prepared: Prepared) -> Iterator[str]:
        raise RecursionError("with text that may quote a header")
        yield ""

    found = surprises(accepted("photo.png", png(GREY), broken))
    assert "RecursionError was raised" in found and "header" not in found


def test_an_identifier_in_the_clean_file_is_noticed() -> None:
    prepared = Prepared.__new__(Prepared)
    object.__setattr__(prepared, "clean", "CANARYBIRD".encode("utf-16-le"))
    assert list(checks.clean_lacks("CANARYBIRD")(prepared)) == [
        "the clean file holds an identifier at byte 0"
    ]


def test_an_identifier_in_a_fact_is_noticed() -> None:
    assert list(checks.no_identifiers({"sop_class": "2.999.4711.3"})) == [
        "fact sop_class holds an identifier"
    ]
    assert list(checks.no_identifiers({"rows": 3})) == []


def crash() -> None:
    faulthandler.disable()  # pytest's would show the stack of a crash that is wanted
    os.abort()


def test_a_crash_is_noticed() -> None:
    assert "the process ended with SIGABRT" in surprises(Doing(crash))


def test_a_hang_is_noticed() -> None:
    assert "SIGKILL" in surprises(Doing(lambda: time.sleep(60)), wall_seconds=0.5)


def test_memory_is_noticed() -> None:
    assert "memory grew by" in surprises(Doing(lambda: np.ones(30_000_000)))


def test_time_is_noticed() -> None:
    def busy() -> None:
        until = time.process_time() + 1.3
        while time.process_time() < until:
            pass

    assert "s of CPU time" in surprises(Doing(busy))


def test_a_written_file_is_noticed() -> None:
    assert "1 files were written" in surprises(Doing(lambda: Path("evil").write_text("x")))
    assert "1 files were written" in surprises(Doing(lambda: Path("../evil").write_text("x")))


@pytest.mark.parametrize("word", ["print", "stderr"])
def test_what_is_printed_reaches_nobody(word: str, capfd: pytest.CaptureFixture[str]) -> None:
    number = 1 if word == "print" else 2
    assert outcome(Doing(lambda: os.write(number, b"a name"))).as_expected
    assert capfd.readouterr() == ("", "")
