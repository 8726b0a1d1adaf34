"""Jobs, models and predictions change state only along allowed ways; late messages change nothing."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, get_args

import pytest

from medloop.catalogue import jobs, models
from medloop.catalogue.connection import Catalogue
from medloop.catalogue.jobs import JobState, get_job, request_job, set_job_state
from medloop.catalogue.models import Model, ModelState, add_model, get_model, set_model_state
from medloop.catalogue.predictions import (
    fail_prediction,
    finish_prediction,
    get_prediction,
    request_prediction,
)
from medloop.catalogue.projects import put_project
from medloop.catalogue.secret import Connection
from medloop.rules.project import Project

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def test_a_job_takes_every_allowed_step_and_no_other(catalogue: Catalogue) -> None:
    """All pairs of states in one go: a transaction for each would take seconds."""

    def try_all(conn: Connection) -> list[tuple[str, str, bool]]:
        put_project(conn, Project(project="lungs", classes=("ok", "ill")), AT)
        return [(here, there, step(conn, here, there)) for here, there in pairs]

    def step(conn: Connection, here: Any, there: Any) -> bool:
        name = f"{here}-{there}"
        request_job(conn, name, "lungs", "d" * 64, "schedule", AT)
        if here != "requested":
            assert set_job_state(conn, name, here, AT)
        moved = set_job_state(conn, name, there, LATER, "why")
        found = get_job(conn, name)
        assert found is not None and found.state == (there if moved else here)
        return moved

    pairs = list(product(get_args(JobState), get_args(JobState)))
    for here, there, moved in catalogue.run(try_all):
        assert moved == (here in jobs.LEADS_TO.get(there, ())), (here, there)  # type: ignore[call-overload]


def test_a_job_remembers_when_it_started_and_ended(catalogue: Catalogue) -> None:
    def live(conn: Connection) -> jobs.Job | None:
        put_project(conn, Project(project="lungs", classes=("ok", "ill")), AT)
        request_job(conn, "job", "lungs", "d" * 64, "schedule", AT)
        set_job_state(conn, "job", "running", AT)
        set_job_state(conn, "job", "completed", LATER, evaluation='{"epochs":1}')
        return get_job(conn, "job")

    found = catalogue.run(live)
    assert found is not None
    assert (found.started_at, found.finished_at, found.evaluation) == (AT, LATER, '{"epochs":1}')


def test_a_model_takes_every_allowed_step_and_no_other(catalogue: Catalogue) -> None:
    def try_all(conn: Connection) -> list[tuple[str, str, bool]]:
        return [
            (here, there, step(conn, version, here, there)) for version, (here, there) in enumerate(pairs, 1)
        ]

    def step(conn: Connection, version: int, here: Any, there: Any) -> bool:
        add_model(conn, Model("lungs", version, "job", "path", "{}", AT, state=here))
        moved = set_model_state(conn, "lungs", version, there, LATER)
        found = get_model(conn, "lungs", version)
        assert found is not None and found.state == (there if moved else here)
        return moved

    targets = ["refused", "approved", "deploying", "retired", "rolled_back"]
    pairs = list(product(get_args(ModelState), targets))
    for here, there, moved in catalogue.run(try_all):
        assert moved == (here in models.LEADS_TO[there]), (here, there)  # type: ignore[index]


@pytest.mark.parametrize("failed_before", [False, True])
def test_a_prediction_is_answered_once(catalogue: Catalogue, failed_before: bool) -> None:
    def answer(conn: Connection, label: str) -> bool:
        return finish_prediction(conn, "p", label, 0.75, {"ok": 0.75, "ill": 0.25}, "p.json", AT)

    catalogue.run(lambda conn: request_prediction(conn, "p", "lungs", "a" * 32, 1, AT))
    if failed_before:
        assert catalogue.run(lambda conn: fail_prediction(conn, "p", "timed out", AT))
    assert catalogue.run(lambda conn: answer(conn, "ok"))
    assert not catalogue.run(lambda conn: answer(conn, "ill"))
    assert not catalogue.run(lambda conn: fail_prediction(conn, "p", "late", AT))
    again = catalogue.run(lambda conn: request_prediction(conn, "p", "lungs", "a" * 32, 1, LATER))
    assert (again.state, again.label, again.confidence, again.reason) == ("done", "ok", 0.75, None)
    assert catalogue.run(lambda conn: get_prediction(conn, "q")) is None
