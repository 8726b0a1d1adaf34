"""A job waits for machines, is launched again under another name, and may be cancelled at any moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.jobs import (
    CANCELLED,
    Job,
    cancel_job,
    get_job,
    job_launched_as,
    note_alert,
    note_launch,
    request_job,
    set_job_state,
    wait_for_launch,
)
from medloop.catalogue.projects import put_project
from medloop.rules.project import Project

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


@pytest.fixture
def lungs(catalogue: Catalogue) -> Catalogue:
    catalogue.run(lambda conn: put_project(conn, Project(project="lungs", classes=("ok", "ill")), AT))
    catalogue.run(lambda conn: request_job(conn, "job", "lungs", "d" * 64, "person", AT))
    return catalogue


def job(catalogue: Catalogue, name: str = "job") -> Job:
    found = catalogue.read(lambda conn: get_job(conn, name))
    assert found is not None
    return found


def launched(catalogue: Catalogue, row: Job, at: datetime) -> bool:
    return catalogue.run(lambda conn: note_launch(conn, row, at))


def launched_again(catalogue: Catalogue, launches: int) -> bool:
    return catalogue.run(lambda conn: wait_for_launch(conn, "job", launches, f"job-r{launches}", "why"))


def test_a_waiting_job_says_anew_why_it_waits(lungs: Catalogue) -> None:
    for why in ("throttled", "no capacity"):
        assert lungs.run(lambda conn, why=why: set_job_state(conn, "job", "waiting_capacity", AT, why))
        assert (job(lungs).state, job(lungs).reason) == ("waiting_capacity", why)


def test_a_launch_in_vain_is_followed_by_one_of_another_name(lungs: Catalogue) -> None:
    assert launched(lungs, job(lungs), AT)
    assert launched_again(lungs, 1)
    assert not launched_again(lungs, 1), "a repeated event must not count as another launch"
    present = job(lungs)
    assert (present.state, present.sagemaker_name, present.launches) == ("waiting_capacity", "job-r1", 1)
    assert lungs.read(lambda conn: job_launched_as(conn, "job-r1")) == present
    assert lungs.read(lambda conn: job_launched_as(conn, "job")) is None


def test_a_late_note_of_an_earlier_launch_changes_nothing(lungs: Catalogue) -> None:
    first = job(lungs)
    assert launched(lungs, first, AT)
    assert launched_again(lungs, 1)
    assert not launched(lungs, first, LATER)
    assert job(lungs).state == "waiting_capacity"
    assert launched(lungs, job(lungs), LATER)
    assert (job(lungs).state, job(lungs).started_at, job(lungs).reason) == ("running", AT, None)


def test_a_late_message_of_waiting_does_not_set_a_running_job_back(lungs: Catalogue) -> None:
    launched(lungs, job(lungs), AT)
    assert not lungs.run(lambda conn: set_job_state(conn, "job", "waiting_capacity", LATER, "late"))
    assert job(lungs).state == "running"


@pytest.mark.parametrize("waits", [False, True])
def test_what_has_not_started_is_stopped_at_once_and_never_starts(lungs: Catalogue, waits: bool) -> None:
    if waits:
        lungs.run(lambda conn: set_job_state(conn, "job", "waiting_capacity", AT, "no capacity"))
    seen_by_a_door = job(lungs)
    assert lungs.run(lambda conn: cancel_job(conn, "job", LATER))
    stopped = job(lungs)
    assert (stopped.state, stopped.reason, stopped.finished_at) == ("stopped", CANCELLED, LATER)
    assert not launched(lungs, seen_by_a_door, LATER)
    assert not lungs.run(lambda conn: set_job_state(conn, "job", "waiting_capacity", LATER, "late"))
    assert not launched_again(lungs, 1)
    assert job(lungs) == stopped


def test_what_runs_is_marked_and_ends_when_sagemaker_has_stopped_it(lungs: Catalogue) -> None:
    launched(lungs, job(lungs), AT)
    assert lungs.run(lambda conn: cancel_job(conn, "job", LATER))
    assert (job(lungs).state, job(lungs).cancelled_at, job(lungs).finished_at) == ("running", LATER, None)
    assert lungs.run(lambda conn: cancel_job(conn, "job", LATER + timedelta(hours=1)))
    assert job(lungs).cancelled_at == LATER
    assert not launched_again(lungs, 1), "a cancelled job must not be launched again"
    assert lungs.run(lambda conn: set_job_state(conn, "job", "stopped", LATER, CANCELLED))
    assert job(lungs).finished_at == LATER


@pytest.mark.parametrize("end", ["completed", "failed", "stopped"])
def test_what_has_ended_cannot_be_cancelled(lungs: Catalogue, end: Any) -> None:
    lungs.run(lambda conn: set_job_state(conn, "job", end, AT, "why"))
    before = job(lungs)
    assert not lungs.run(lambda conn: cancel_job(conn, "job", LATER))
    assert job(lungs) == before


def test_people_are_told_of_a_long_wait_once(lungs: Catalogue) -> None:
    assert lungs.run(lambda conn: note_alert(conn, "job", AT))
    assert not lungs.run(lambda conn: note_alert(conn, "job", LATER))
    assert job(lungs).alerted_at == AT
