"""`medloop status` gets everything in one look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from medloop.catalogue.alerts import Alert, record_alert
from medloop.catalogue.connection import Catalogue
from medloop.catalogue.jobs import request_job, set_job_state
from medloop.catalogue.models import Model, add_model, promote
from medloop.catalogue.projects import get_project, list_projects, put_project
from medloop.catalogue.secret import Connection
from medloop.catalogue.summary import summarise
from medloop.catalogue.uploads import Upload, quarantine_upload, register_upload
from medloop.rules.project import Project

AT = datetime(2026, 1, 1, tzinfo=UTC)
LUNGS = Project(project="lungs", classes=("ok", "ill"))
HIPS = Project(project="hips", classes=("left", "right"))
ALERT = Alert("a", "errors", "critical", "too many", "lungs", "ALARM", AT)


def fill(conn: Connection) -> None:
    for project in (LUNGS, HIPS):
        put_project(conn, project, AT)
        name = project.project
        register_upload(conn, Upload(name, "b", "k", "v", 1, name, "predict", AT))
        request_job(conn, f"{name}-1", name, "d" * 64, "person", AT)
    request_job(conn, "lungs-2", "lungs", "d" * 64, "person", AT)
    set_job_state(conn, "lungs-1", "failed", AT, "out of memory")
    quarantine_upload(conn, "lungs", "empty", {}, AT)
    add_model(conn, Model("lungs", 1, "lungs-1", "path", "{}", AT, state="approved"))
    promote(conn, "lungs", 1, AT)
    record_alert(conn, ALERT)


def test_it_counts_states_and_names_the_last_troubles(catalogue: Catalogue) -> None:
    catalogue.run(fill)
    summary = catalogue.read(summarise)
    assert summary.uploads == {"received": 1, "quarantined": 1}
    assert summary.jobs == {"requested": 2, "failed": 1}
    assert summary.models == {"champion": 1}
    assert (summary.images, summary.predictions) == ({}, {})
    assert [(row.id, row.reason) for row in summary.quarantined] == [("lungs", "empty")]
    assert [(job.name, job.reason) for job in summary.failed_jobs] == [("lungs-1", "out of memory")]
    assert [job.name for job in summary.active_jobs] == ["hips-1", "lungs-2"]
    assert [(model.project, model.version) for model in summary.champions] == [("lungs", 1)]
    assert summary.alerts == [ALERT]


def test_it_can_be_asked_about_one_project(catalogue: Catalogue) -> None:
    catalogue.run(fill)
    summary = catalogue.read(lambda conn: summarise(conn, "hips"))
    assert (summary.uploads, summary.jobs, summary.models) == ({"received": 1}, {"requested": 1}, {})
    assert (summary.champions, summary.alerts, summary.quarantined) == ([], [], [])


def test_an_alert_is_recorded_once(catalogue: Catalogue) -> None:
    assert catalogue.run(lambda conn: record_alert(conn, ALERT))
    assert not catalogue.run(lambda conn: record_alert(conn, replace(ALERT, summary="again")))


def test_the_latest_definition_of_a_project_stands(catalogue: Catalogue) -> None:
    newer = LUNGS.model_copy(update={"classes": ("ok", "ill", "unsure")})
    catalogue.run(lambda conn: put_project(conn, newer, AT + timedelta(hours=1)))
    assert not catalogue.run(lambda conn: put_project(conn, LUNGS, AT))
    assert catalogue.run(lambda conn: get_project(conn, "lungs")) == newer
    assert catalogue.run(list_projects) == [newer]
    assert catalogue.run(lambda conn: get_project(conn, "hips")) is None
