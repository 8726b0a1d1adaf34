"""Training jobs, from the request to the end, each with the one model version it may produce."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medloop.catalogue.errors import CatalogueError
from medloop.catalogue.projects import claim_project
from medloop.catalogue.rows import changed, counts, many, number, one
from medloop.catalogue.secret import Connection

JobState = Literal["requested", "waiting_capacity", "running", "completed", "failed", "stopped"]

ENDED: frozenset[JobState] = frozenset({"completed", "failed", "stopped"})

# A state change can arrive before the door that started the job has noted so: every open state may end.
LEADS_TO: Mapping[JobState, tuple[JobState, ...]] = {
    "waiting_capacity": ("requested",),
    "running": ("requested", "waiting_capacity"),
    "completed": ("requested", "waiting_capacity", "running"),
    "failed": ("requested", "waiting_capacity", "running"),
    "stopped": ("requested", "waiting_capacity", "running"),
}
"""From which states each state can be reached; nothing leaves an end."""


@dataclass(frozen=True)
class Job:
    name: str
    project: str
    dataset: str
    model_version: int
    cause: str
    requested_at: datetime
    state: JobState = "requested"
    reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    evaluation: str | None = None
    """JSON text of events.evaluation.Evaluation."""


NEXT_VERSION = "SELECT COALESCE(max(model_version), 0) + 1 FROM jobs WHERE project = %(project)s"

REQUEST = """
INSERT INTO jobs (name, project, dataset, model_version, cause, state, requested_at)
VALUES (%(name)s, %(project)s, %(dataset)s, %(model_version)s, %(cause)s, 'requested', %(at)s)
ON CONFLICT (name) DO NOTHING"""

SET_STATE = """
UPDATE jobs
SET state = %(state)s, reason = %(reason)s, started_at = COALESCE(started_at, %(started)s),
    finished_at = %(finished)s, evaluation = COALESCE(%(evaluation)s, evaluation)
WHERE name = %(name)s AND state = ANY(%(before)s)"""

GET = "SELECT * FROM jobs WHERE name = %(name)s"

LIST = """
SELECT * FROM jobs
WHERE (%(project)s::text IS NULL OR project = %(project)s) AND (%(state)s::text IS NULL OR state = %(state)s)
ORDER BY requested_at DESC, name LIMIT %(limit)s"""

ACTIVE = """
SELECT * FROM jobs
WHERE state IN ('requested', 'waiting_capacity', 'running')
  AND (%(project)s::text IS NULL OR project = %(project)s)
ORDER BY requested_at, name"""

COUNTS = """
SELECT state, count(*) FROM jobs WHERE %(project)s::text IS NULL OR project = %(project)s
GROUP BY state"""


def next_model_version(conn: Connection, project: str) -> int:
    """The version that the next job of the project will get, unless another comes first."""
    return number(conn, NEXT_VERSION, {"project": project})


def request_job(conn: Connection, name: str, project: str, dataset: str, cause: str, at: datetime) -> Job:
    """The job of this name, created with a fresh model version if it is new.

    Raises:
        UnknownProject: there is no such project.
    """
    known = get_job(conn, name)
    if known is not None:
        return known
    claim_project(conn, project)
    version = next_model_version(conn, project)
    values = {"name": name, "project": project, "dataset": dataset, "cause": cause, "at": at}
    changed(conn, REQUEST, {**values, "model_version": version})
    created = get_job(conn, name)
    if created is None:
        raise CatalogueError("a job vanished while it was created")
    return created


def set_job_state(
    conn: Connection,
    name: str,
    state: JobState,
    at: datetime,
    reason: str | None = None,
    evaluation: str | None = None,
) -> bool:
    """Move the job on; False for a repeated or late message, which changes nothing.

    `evaluation` is JSON text of events.evaluation.Evaluation.
    """
    values = {
        "name": name,
        "state": state,
        "reason": reason,
        "started": at if state == "running" else None,
        "finished": at if state in ENDED else None,
        "evaluation": evaluation,
        "before": list(LEADS_TO.get(state, ())),
    }
    return changed(conn, SET_STATE, values) == 1


def get_job(conn: Connection, name: str) -> Job | None:
    return one(conn, Job, GET, {"name": name})


def list_jobs(
    conn: Connection, project: str | None = None, state: JobState | None = None, limit: int = 100
) -> list[Job]:
    """Latest first."""
    return many(conn, Job, LIST, {"project": project, "state": state, "limit": limit})


def latest_job(conn: Connection, project: str) -> Job | None:
    return next(iter(list_jobs(conn, project, limit=1)), None)


def active_jobs(conn: Connection, project: str | None = None) -> list[Job]:
    """Jobs that have not ended, oldest first."""
    return many(conn, Job, ACTIVE, {"project": project})


def job_counts(conn: Connection, project: str | None = None) -> dict[str, int]:
    """How many jobs are in each state, of one project or of all."""
    return counts(conn, COUNTS, {"project": project})
