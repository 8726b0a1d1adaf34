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

CANCELLED = "cancelled by a person"

ENDED: frozenset[JobState] = frozenset({"completed", "failed", "stopped"})

# A state change can arrive before the door that started the job has noted so: every open state may end.
LEADS_TO: Mapping[JobState, tuple[JobState, ...]] = {
    "waiting_capacity": ("requested", "waiting_capacity"),
    "running": ("requested", "waiting_capacity"),
    "completed": ("requested", "waiting_capacity", "running"),
    "failed": ("requested", "waiting_capacity", "running"),
    "stopped": ("requested", "waiting_capacity", "running"),
}
"""From which states each state can be reached; nothing leaves an end. A running job that never got its
machines waits again by `wait_for_launch` alone: a late message must not set one back."""


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
    launches: int | None = None
    """How often SageMaker ended it for want of capacity; None for never."""
    launched_as: str | None = None
    """Its present name at SageMaker, where that is not its own."""
    alerted_at: datetime | None = None
    """When people were told that it waits for long."""
    cancelled_at: datetime | None = None

    @property
    def sagemaker_name(self) -> str:
        return self.launched_as or self.name


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

NOTE_LAUNCH = """
UPDATE jobs SET state = 'running', reason = NULL, started_at = COALESCE(started_at, %(at)s)
WHERE name = %(name)s AND state IN ('requested', 'waiting_capacity')
  AND COALESCE(launched_as, name) = %(launched_as)s"""

WAIT_FOR_LAUNCH = """
UPDATE jobs
SET state = 'waiting_capacity', reason = %(reason)s, launches = %(launches)s, launched_as = %(launched_as)s
WHERE name = %(name)s AND state IN ('requested', 'waiting_capacity', 'running') AND cancelled_at IS NULL
  AND COALESCE(launches, 0) = %(launches)s - 1"""

NOTE_ALERT = "UPDATE jobs SET alerted_at = %(at)s WHERE name = %(name)s AND alerted_at IS NULL"

CANCEL = """
UPDATE jobs
SET cancelled_at = COALESCE(cancelled_at, %(at)s),
    reason = CASE WHEN state = 'running' THEN reason ELSE %(reason)s END,
    finished_at = CASE WHEN state = 'running' THEN finished_at ELSE %(at)s END,
    state = CASE WHEN state = 'running' THEN state ELSE 'stopped' END
WHERE name = %(name)s AND state IN ('requested', 'waiting_capacity', 'running')"""

GET = "SELECT * FROM jobs WHERE name = %(name)s"

LAUNCHED_AS = """
SELECT * FROM jobs WHERE launched_as = %(name)s OR (name = %(name)s AND launched_as IS NULL)"""

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


def note_launch(conn: Connection, job: Job, at: datetime) -> bool:
    """SageMaker has started this launch of the job; False where the job has moved on, or was cancelled."""
    values = {"name": job.name, "launched_as": job.sagemaker_name, "at": at}
    return changed(conn, NOTE_LAUNCH, values) == 1


def wait_for_launch(conn: Connection, name: str, launches: int, launched_as: str, reason: str) -> bool:
    """The job waits to be launched again, for the `launches`th time and under this name.

    False for a repeated message, and for a job that has ended or was cancelled.
    """
    values = {"name": name, "launches": launches, "launched_as": launched_as, "reason": reason}
    return changed(conn, WAIT_FOR_LAUNCH, values) == 1


def note_alert(conn: Connection, name: str, at: datetime) -> bool:
    """People were told that the job waits; False where they had been before."""
    return changed(conn, NOTE_ALERT, {"name": name, "at": at}) == 1


def cancel_job(conn: Connection, name: str, at: datetime) -> bool:
    """What waits is stopped at once; what runs is marked, and ends when SageMaker has stopped it.

    True also for a second wish to cancel what still runs; False for what has ended.
    """
    return changed(conn, CANCEL, {"name": name, "at": at, "reason": CANCELLED}) == 1


def get_job(conn: Connection, name: str) -> Job | None:
    return one(conn, Job, GET, {"name": name})


def job_launched_as(conn: Connection, name: str) -> Job | None:
    """The job that SageMaker knows by this name; None also for a launch that was in vain."""
    return one(conn, Job, LAUNCHED_AS, {"name": name})


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
