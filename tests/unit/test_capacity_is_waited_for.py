"""When SageMaker has no machine: which errors mean waiting, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.training import TrainingRequested
from medloop.rules.capacity import (
    WAITS,
    Shortage,
    ended_for_want_of_capacity,
    is_overdue,
    next_launch,
    shortage_of,
    wait_seconds,
)
from medloop.rules.retraining import job_name

JOB = "medloop-dev-chest-0123456789ab"
NO_MACHINE = "CapacityError: Unable to provision requested ML compute capacity. Please retry later."

shortages = st.sampled_from(sorted(WAITS))


@pytest.mark.parametrize(
    ("code", "shortage"),
    [
        ("ThrottlingException", "throttled"),
        ("ResourceLimitExceeded", "no capacity"),
        ("CapacityError", "no capacity"),
        ("AccessDeniedException", None),
        ("ValidationException", None),
    ],
)
def test_quota_and_throttling_are_told_from_errors(code: str, shortage: Shortage | None) -> None:
    assert shortage_of(code) == shortage


@given(shortages, st.integers(0, 10**9), st.text(max_size=63))
def test_no_wait_is_longer_than_a_queue_can_hold_a_message(
    shortage: Shortage, attempt: int, job: str
) -> None:
    assert 1 <= wait_seconds(shortage, attempt, job) <= WAITS[shortage][1] <= 900


@given(shortages, st.integers(0, 8))
def test_waits_grow_until_they_are_at_their_longest(shortage: Shortage, attempt: int) -> None:
    first, longest = WAITS[shortage]
    whole = min(longest, first * 2**attempt)
    assert whole / 2 - 1 <= wait_seconds(shortage, attempt, JOB) <= whole


def test_being_throttled_is_a_shorter_wait_than_having_no_machine() -> None:
    assert all(wait_seconds("throttled", n, JOB) < wait_seconds("no capacity", n, JOB) for n in range(12))


def test_jobs_that_met_the_same_shortage_come_back_spread_out() -> None:
    waits = [wait_seconds("no capacity", 9, f"job-{number}") for number in range(200)]
    assert min(waits) < 500 and max(waits) > 850 and len(set(waits)) > 120


def test_a_repeated_message_waits_as_long_as_the_first() -> None:
    assert wait_seconds("throttled", 3, JOB) == wait_seconds("throttled", 3, JOB)


@pytest.mark.parametrize(
    ("status", "secondary", "reason", "trained", "expected"),
    [
        pytest.param("Failed", "Failed", NO_MACHINE, False, True, id="never got its machine"),
        pytest.param("Failed", "Failed", NO_MACHINE, True, False, id="lost it after it had cost money"),
        pytest.param("Stopped", "MaxWaitTimeExceeded", "", False, True, id="spot never came"),
        pytest.param("Stopped", "MaxRuntimeExceeded", "", False, False, id="time was up"),
        pytest.param("Stopped", "Stopped", "", False, False, id="stopped by somebody"),
        pytest.param("Failed", "Failed", "AlgorithmError: CapacityError", False, False, id="its own fault"),
        pytest.param("Failed", "Failed", "", False, False, id="no reason at all"),
    ],
)
def test_only_a_job_that_never_had_machines_is_tried_again(
    status: str, secondary: str, reason: str, trained: bool, expected: bool
) -> None:
    assert ended_for_want_of_capacity(status, secondary, reason, trained) is expected


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True), st.integers(1, 5000))
def test_every_launch_has_a_legal_name_of_its_own(project: str, launches: int) -> None:
    job = job_name("laptop", project, "d" * 64, "x")
    name = next_launch(job, launches)
    TrainingRequested(project="chest", dataset="d" * 64, job=name, cause="person")
    assert len({job, name, next_launch(job, launches + 1)}) == 3


def test_people_hear_of_a_wait_once_it_is_long() -> None:
    asked = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert not is_overdue(asked, asked + timedelta(hours=5.9), 6)
    assert is_overdue(asked, asked + timedelta(hours=6), 6)
