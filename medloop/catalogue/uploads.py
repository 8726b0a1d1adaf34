"""Object versions that arrived, and what became of each: received, then accepted, quarantined or ignored."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from medloop.catalogue.images import Image, add_image, get_image
from medloop.catalogue.rows import changed, counts, many, one
from medloop.catalogue.secret import Connection

UploadState = Literal["received", "accepted", "quarantined", "ignored"]


@dataclass(frozen=True)
class Upload:
    """`key` is the user's own text and may name a patient: it never leaves the catalogue but to a person."""

    id: str
    bucket: str
    key: str
    version_id: str
    size: int
    """Bytes."""
    project: str | None
    """None where the key does not say."""
    purpose: str | None
    received_at: datetime
    state: UploadState = "received"
    reason: str | None = None
    details: str | None = None
    """JSON text of the facts behind the reason."""
    finished_at: datetime | None = None


REGISTER = """
INSERT INTO uploads (id, bucket, key, version_id, size, project, purpose, state, received_at)
VALUES (%(id)s, %(bucket)s, %(key)s, %(version_id)s, %(size)s, %(project)s, %(purpose)s, 'received',
        %(received_at)s)
ON CONFLICT (id) DO NOTHING"""

GET_MANY = "SELECT * FROM uploads WHERE id = ANY(%(ids)s)"

STATE = "SELECT state FROM uploads WHERE id = %(id)s"

GET = "SELECT * FROM uploads WHERE id = %(id)s"

FINISH = """
UPDATE uploads SET state = %(state)s, reason = %(reason)s, details = %(details)s, finished_at = %(at)s
WHERE id = %(id)s AND state = 'received'"""

REOPEN = """
UPDATE uploads SET state = 'received', reason = NULL, details = NULL, finished_at = NULL
WHERE state = 'quarantined' AND id IN (
    SELECT id FROM uploads
    WHERE state = 'quarantined' AND project = %(project)s AND reason = ANY(%(reasons)s)
    ORDER BY id LIMIT %(limit)s)
RETURNING *"""

LIST_QUARANTINED = """
SELECT * FROM uploads
WHERE state = 'quarantined' AND (%(project)s::text IS NULL OR project = %(project)s)
ORDER BY finished_at DESC, id LIMIT %(limit)s"""

KNOWN = "SELECT id FROM uploads WHERE id = ANY(%(ids)s)"

UNFINISHED = """
SELECT * FROM uploads WHERE state = 'received' AND received_at < %(before)s
ORDER BY received_at, id LIMIT %(limit)s"""

COUNTS = """
SELECT state, count(*) FROM uploads WHERE %(project)s::text IS NULL OR project = %(project)s
GROUP BY state"""


def register_upload(conn: Connection, row: Upload) -> UploadState:
    """Note that an object version arrived, once; the state in which it is now."""
    changed(conn, REGISTER, vars(row))
    found = conn.execute(STATE, {"id": row.id}).fetchone()
    return cast(UploadState, found[0]) if found is not None else "received"


def get_upload(conn: Connection, upload_id: str) -> Upload | None:
    return one(conn, Upload, GET, {"id": upload_id})


def get_uploads(conn: Connection, ids: Iterable[str]) -> list[Upload]:
    """Those of the ids that are registered, in any order."""
    return many(conn, Upload, GET_MANY, {"ids": list(ids)})


def accept_upload(conn: Connection, upload_id: str, image: Image, at: datetime) -> Image | None:
    """Accept a received upload together with its image; the image as stored, also when repeated.

    None when the upload is unknown, or was refused or ignored before: nothing is changed then.
    """
    if _finish(conn, upload_id, "accepted", None, None, at):
        add_image(conn, image)
    return get_image(conn, upload_id)


def accept_without_image(conn: Connection, upload_id: str, at: datetime) -> bool:
    """Accept a received upload that is no image: project.yaml."""
    return _finish(conn, upload_id, "accepted", None, None, at)


def quarantine_upload(
    conn: Connection, upload_id: str, reason: str, details: Mapping[str, int | float | str], at: datetime
) -> bool:
    """Refuse a received upload; False when it is not waiting any more."""
    return _finish(conn, upload_id, "quarantined", reason, json.dumps(dict(details), sort_keys=True), at)


def ignore_upload(conn: Connection, upload_id: str, reason: str, at: datetime) -> bool:
    """Set aside a received upload that asks for nothing, such as a folder marker."""
    return _finish(conn, upload_id, "ignored", reason, None, at)


def _finish(
    conn: Connection,
    upload_id: str,
    state: UploadState,
    reason: str | None,
    details: str | None,
    at: datetime,
) -> bool:
    values = {"id": upload_id, "state": state, "reason": reason, "details": details, "at": at}
    return changed(conn, FINISH, values) == 1


def reopen_uploads(
    conn: Connection, project: str, reasons: Collection[str], limit: int = 1000
) -> list[Upload]:
    """Give refused uploads a second chance, because project.yaml came or changed.

    At most `limit` at once (DSQL writes no more than 3000 rows in a transaction): call until it is empty.
    `received_at` stays, so `unfinished_uploads` finds those whose message was lost after the commit.
    """
    values = {"project": project, "reasons": sorted(reasons), "limit": limit}
    return many(conn, Upload, REOPEN, values)


def list_quarantined(conn: Connection, project: str | None = None, limit: int = 100) -> list[Upload]:
    """Latest first."""
    return many(conn, Upload, LIST_QUARANTINED, {"project": project, "limit": limit})


def known_versions(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Those of the ids that are registered."""
    return {found for (found,) in conn.execute(KNOWN, {"ids": list(ids)}).fetchall()}


def unfinished_uploads(conn: Connection, before: datetime, limit: int = 1000) -> list[Upload]:
    """Received before then and still undecided, oldest first."""
    return many(conn, Upload, UNFINISHED, {"before": before, "limit": limit})


def upload_counts(conn: Connection, project: str | None = None) -> dict[str, int]:
    """How many uploads are in each state, of one project or of all."""
    return counts(conn, COUNTS, {"project": project})
