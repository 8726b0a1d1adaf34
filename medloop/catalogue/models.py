"""Model versions, from the gate's word to retirement; a project has at most one champion."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medloop.catalogue.projects import claim_project
from medloop.catalogue.rows import changed, counts, many, one
from medloop.catalogue.secret import Connection

ModelState = Literal["evaluated", "refused", "approved", "deploying", "champion", "retired", "rolled_back"]

LEADS_TO: Mapping[ModelState, tuple[ModelState, ...]] = {
    "refused": ("evaluated",),
    "approved": ("evaluated", "refused", "deploying"),
    "deploying": ("approved", "retired", "rolled_back"),
    "champion": ("approved", "deploying", "retired", "rolled_back"),
    "retired": ("approved", "deploying"),
    "rolled_back": ("deploying",),
}
"""From which states each state can be reached. A person may approve what the gate refused; a first deployment
that fails goes back to approved, a later one is rolled back to the champion; a champion retires only when
another takes its place."""


@dataclass(frozen=True)
class Model:
    project: str
    version: int
    job: str
    artefact: str
    """Path in the models bucket."""
    metrics: str
    """JSON text: the scores that the gate decided on."""
    created_at: datetime
    package_arn: str | None = None
    state: ModelState = "evaluated"
    gate_reason: str | None = None
    approved_at: datetime | None = None
    promoted_at: datetime | None = None


ADD = """
INSERT INTO models (project, version, job, artefact, package_arn, state, gate_reason, metrics, created_at,
                    approved_at, promoted_at)
VALUES (%(project)s, %(version)s, %(job)s, %(artefact)s, %(package_arn)s, %(state)s, %(gate_reason)s,
        %(metrics)s, %(created_at)s, %(approved_at)s, %(promoted_at)s)
ON CONFLICT (project, version) DO NOTHING"""

SET_STATE = """
UPDATE models
SET state = %(state)s, gate_reason = COALESCE(%(gate_reason)s, gate_reason),
    package_arn = COALESCE(%(package_arn)s, package_arn), approved_at = COALESCE(approved_at, %(approved)s),
    promoted_at = COALESCE(%(promoted)s, promoted_at)
WHERE project = %(project)s AND version = %(version)s AND state = ANY(%(before)s)"""

RETIRE_OTHERS = """
UPDATE models SET state = 'retired'
WHERE project = %(project)s AND state = 'champion' AND version <> %(version)s"""

GET = "SELECT * FROM models WHERE project = %(project)s AND version = %(version)s"

CHAMPION = "SELECT * FROM models WHERE project = %(project)s AND state = 'champion'"

PREVIOUS_CHAMPION = """
SELECT * FROM models WHERE project = %(project)s AND state = 'retired' AND promoted_at IS NOT NULL
ORDER BY promoted_at DESC, version DESC LIMIT 1"""

LIST = """
SELECT * FROM models WHERE %(project)s::text IS NULL OR project = %(project)s
ORDER BY project, version DESC"""

LIST_CHAMPIONS = """
SELECT * FROM models
WHERE state = 'champion' AND (%(project)s::text IS NULL OR project = %(project)s)
ORDER BY project"""

COUNTS = """
SELECT state, count(*) FROM models WHERE %(project)s::text IS NULL OR project = %(project)s
GROUP BY state"""


def add_model(conn: Connection, row: Model) -> bool:
    """Store it once; False when this version is there already."""
    return changed(conn, ADD, vars(row)) == 1


def set_model_state(
    conn: Connection,
    project: str,
    version: int,
    state: Literal["refused", "approved", "deploying", "retired", "rolled_back"],
    at: datetime,
    gate_reason: str | None = None,
    package_arn: str | None = None,
) -> bool:
    """Move the model on, short of champion; False for a repeated or late message."""
    return _move(conn, project, version, state, at, gate_reason, package_arn)


def promote(conn: Connection, project: str, version: int, at: datetime) -> bool:
    """Make it the project's champion and retire the one before; True also when it is champion already.

    False when it may not become champion (unknown, unproven or refused): nothing changes then.

    Raises:
        UnknownProject: there is no such project.
    """
    claim_project(conn, project)
    current = champion(conn, project)
    if current is not None and current.version == version:
        return True
    if not _move(conn, project, version, "champion", at):
        return False
    changed(conn, RETIRE_OTHERS, {"project": project, "version": version})
    return True


def _move(
    conn: Connection,
    project: str,
    version: int,
    state: ModelState,
    at: datetime,
    gate_reason: str | None = None,
    package_arn: str | None = None,
) -> bool:
    values = {
        "project": project,
        "version": version,
        "state": state,
        "gate_reason": gate_reason,
        "package_arn": package_arn,
        "approved": at if state == "approved" else None,
        "promoted": at if state == "champion" else None,
        "before": list(LEADS_TO[state]),
    }
    return changed(conn, SET_STATE, values) == 1


def get_model(conn: Connection, project: str, version: int) -> Model | None:
    return one(conn, Model, GET, {"project": project, "version": version})


def champion(conn: Connection, project: str) -> Model | None:
    return one(conn, Model, CHAMPION, {"project": project})


def previous_champion(conn: Connection, project: str) -> Model | None:
    """The one to roll back to: the retired model that was promoted last."""
    return one(conn, Model, PREVIOUS_CHAMPION, {"project": project})


def list_models(conn: Connection, project: str | None = None) -> list[Model]:
    """By project, latest version first."""
    return many(conn, Model, LIST, {"project": project})


def list_champions(conn: Connection, project: str | None = None) -> list[Model]:
    return many(conn, Model, LIST_CHAMPIONS, {"project": project})


def model_counts(conn: Connection, project: str | None = None) -> dict[str, int]:
    """How many models are in each state, of one project or of all."""
    return counts(conn, COUNTS, {"project": project})
