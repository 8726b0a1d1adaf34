"""What the API lists, a page at a time, newest first; a position tells rows of the same moment apart."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from medloop.catalogue.alerts import Alert
from medloop.catalogue.audit import AuditRow
from medloop.catalogue.datasets import Dataset
from medloop.catalogue.jobs import Job
from medloop.catalogue.predictions import Prediction
from medloop.catalogue.rows import counts, many
from medloop.catalogue.secret import Connection
from medloop.catalogue.uploads import Upload


@dataclass(frozen=True)
class Position:
    """Of a row in its list."""

    at: datetime
    key: str


UPLOADS = """
SELECT * FROM uploads
WHERE project = %(project)s AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(reason)s::text IS NULL OR reason = %(reason)s)
  AND (%(purpose)s::text IS NULL OR purpose = %(purpose)s)
  AND (%(every_file)s OR key_hash = ANY(%(files)s))
  AND (%(at)s::timestamptz IS NULL OR (received_at, id) < (%(at)s, %(key)s))
ORDER BY received_at DESC, id DESC LIMIT %(limit)s"""

DATASETS = """
SELECT * FROM datasets
WHERE project = %(project)s AND (%(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s, %(key)s))
ORDER BY created_at DESC, id DESC LIMIT %(limit)s"""

JOBS = """
SELECT * FROM jobs
WHERE project = %(project)s AND (%(at)s::timestamptz IS NULL OR (requested_at, name) < (%(at)s, %(key)s))
ORDER BY requested_at DESC, name DESC LIMIT %(limit)s"""

PREDICTIONS = """
SELECT * FROM predictions
WHERE project = %(project)s AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(image)s::text IS NULL OR image = %(image)s)
  AND (%(at)s::timestamptz IS NULL OR (requested_at, id) < (%(at)s, %(key)s))
ORDER BY requested_at DESC, id DESC LIMIT %(limit)s"""

ALERTS = """
SELECT * FROM alerts
WHERE (%(everywhere)s OR project = ANY(%(projects)s))
  AND (%(at)s::timestamptz IS NULL OR (raised_at, id) < (%(at)s, %(key)s))
ORDER BY raised_at DESC, id DESC LIMIT %(limit)s"""

AUDIT = """
SELECT * FROM audit
WHERE (%(project)s::text IS NULL OR project = %(project)s) AND (%(actor)s::text IS NULL OR actor = %(actor)s)
  AND (%(at)s::timestamptz IS NULL OR (at, hash) < (%(at)s, %(key)s))
ORDER BY at DESC, hash DESC LIMIT %(limit)s"""

BALANCE = """
SELECT label, count(*) FROM images
WHERE project = %(project)s AND purpose = 'labelled' AND label IS NOT NULL AND duplicate_of IS NULL
  AND superseded_by IS NULL AND (frames IS NULL OR series IS NULL)
GROUP BY label"""


def _after(position: Position | None, limit: int, **values: Any) -> dict[str, Any]:
    """One row more than asked: it tells whether there is another page."""
    at, key = (None, "") if position is None else (position.at, position.key)
    return {**values, "at": at, "key": key, "limit": limit + 1}


def page_of_uploads(
    conn: Connection,
    project: str,
    after: Position | None,
    limit: int,
    state: str | None = None,
    reason: str | None = None,
    purpose: str | None = None,
    files: Collection[str] | None = None,
) -> list[Upload]:
    """`files`: hashes of keys (medloop.catalogue.uploads.key_hash)."""
    narrowed = {"project": project, "state": state, "reason": reason, "purpose": purpose}
    wanted = {"files": list(files or ()), "every_file": files is None}
    return many(conn, Upload, UPLOADS, _after(after, limit, **narrowed, **wanted))


def page_of_datasets(conn: Connection, project: str, after: Position | None, limit: int) -> list[Dataset]:
    return many(conn, Dataset, DATASETS, _after(after, limit, project=project))


def page_of_jobs(conn: Connection, project: str, after: Position | None, limit: int) -> list[Job]:
    return many(conn, Job, JOBS, _after(after, limit, project=project))


def page_of_predictions(
    conn: Connection,
    project: str,
    after: Position | None,
    limit: int,
    state: str | None = None,
    image: str | None = None,
) -> list[Prediction]:
    return many(
        conn, Prediction, PREDICTIONS, _after(after, limit, project=project, state=state, image=image)
    )


def page_of_alerts(
    conn: Connection, projects: Collection[str] | None, after: Position | None, limit: int
) -> list[Alert]:
    """Of these projects; of all, and those of no project, where None."""
    named = {"projects": list(projects or ()), "everywhere": projects is None}
    return many(conn, Alert, ALERTS, _after(after, limit, **named))


def page_of_audit(
    conn: Connection, after: Position | None, limit: int, project: str | None = None, actor: str | None = None
) -> list[AuditRow]:
    return many(conn, AuditRow, AUDIT, _after(after, limit, project=project, actor=actor))


def label_balance(conn: Connection, project: str) -> dict[str, int]:
    """Images per class folder, copies and superseded volumes left out."""
    return counts(conn, BALANCE, {"project": project})
