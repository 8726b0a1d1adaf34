"""Object versions that arrived, and what became of each: received, then accepted, quarantined or ignored."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medloop.catalogue.images import Image, add_image, get_image
from medloop.catalogue.rows import changed, counts, many, one
from medloop.catalogue.secret import Connection
from medloop.catalogue.series import reopen_series
from medloop.rules.reasons import Reason
from medloop.rules.review import RELEASABLE

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
    """JSON text of the facts behind the reason, or beside what was set aside."""
    finished_at: datetime | None = None
    sequencer: str | None = None
    """S3's own order of the versions of one key: compare as text."""
    archive: str | None = None
    """The upload of the archive that it was unpacked from."""
    released: str | None = None
    """Reasons that a person overruled, joined by commas."""
    reviewed_at: datetime | None = None
    """When a person last released it or had it looked at again."""

    @property
    def released_reasons(self) -> frozenset[Reason]:
        return frozenset(Reason(word) for word in (self.released or "").split(",") if word)


@dataclass(frozen=True)
class Selection:
    """Which refused uploads are meant; what is None does not narrow it."""

    project: str | None = None
    reason: str | None = None
    since: datetime | None = None
    """Refused then or later."""
    before: datetime | None = None
    """Refused then or earlier: what is refused again meanwhile is not meant."""
    id: str | None = None


REGISTER = """
INSERT INTO uploads (id, bucket, key, key_hash, version_id, size, project, purpose, state, received_at,
                     sequencer)
VALUES (%(id)s, %(bucket)s, %(key)s, %(key_hash)s, %(version_id)s, %(size)s, %(project)s, %(purpose)s,
        'received', %(received_at)s, %(sequencer)s)
ON CONFLICT (id) DO NOTHING
RETURNING *"""

# The member's own event may have come first.
REGISTER_MEMBER = """
INSERT INTO uploads (id, bucket, key, key_hash, version_id, size, project, purpose, state, received_at,
                     archive)
VALUES (%(id)s, %(bucket)s, %(key)s, %(key_hash)s, %(version_id)s, %(size)s, %(project)s, %(purpose)s,
        'received', %(received_at)s, %(archive)s)
ON CONFLICT (id) DO UPDATE SET archive = %(archive)s WHERE uploads.archive IS NULL"""

GET_MANY = "SELECT * FROM uploads WHERE id = ANY(%(ids)s)"

GET = "SELECT * FROM uploads WHERE id = %(id)s"

FIND = """
SELECT * FROM uploads WHERE id >= %(prefix)s AND id < %(prefix)s || 'g' ORDER BY id LIMIT %(limit)s"""

FINISH = """
UPDATE uploads SET state = %(state)s, reason = %(reason)s, details = %(details)s, finished_at = %(at)s
WHERE id = %(id)s AND state = 'received'"""

RETRACT = """
UPDATE uploads SET state = 'quarantined', reason = %(reason)s, details = NULL, finished_at = %(at)s
WHERE id = %(id)s AND state = 'accepted'"""

REMOVE_IMAGE = "DELETE FROM images WHERE id = %(id)s"

REOPEN = """
UPDATE uploads SET state = 'received', reason = NULL, details = NULL, finished_at = NULL
WHERE state = 'quarantined' AND id IN (
    SELECT id FROM uploads
    WHERE state = 'quarantined' AND project = %(project)s AND reason = ANY(%(reasons)s)
    ORDER BY id LIMIT %(limit)s)
RETURNING *"""

SELECTED = """
state = 'quarantined' AND (%(project)s::text IS NULL OR project = %(project)s)
AND (%(reason)s::text IS NULL OR reason = %(reason)s)
AND (%(since)s::timestamptz IS NULL OR finished_at >= %(since)s)
AND (%(before)s::timestamptz IS NULL OR finished_at <= %(before)s)
AND (%(id)s::text IS NULL OR id = %(id)s)"""

LIST_QUARANTINED = (
    "SELECT * FROM uploads WHERE " + SELECTED + " ORDER BY finished_at DESC, id LIMIT %(limit)s"
)

COUNT_QUARANTINED = "SELECT reason, count(*) FROM uploads WHERE " + SELECTED + " GROUP BY reason"

RETRY = (
    """
UPDATE uploads SET state = 'received', reason = NULL, details = NULL, finished_at = NULL, reviewed_at = %(at)s
WHERE state = 'quarantined' AND id IN (SELECT id FROM uploads WHERE """
    + SELECTED
    + " ORDER BY id LIMIT %(limit)s) RETURNING *"
)

RELEASE = (
    """
UPDATE uploads SET
    released = CASE WHEN released IS NULL THEN reason
                    WHEN position(',' || reason || ',' IN ',' || released || ',') > 0 THEN released
                    ELSE released || ',' || reason END,
    state = 'received', reason = NULL, details = NULL, finished_at = NULL, reviewed_at = %(at)s
WHERE state = 'quarantined' AND id IN (SELECT id FROM uploads WHERE """
    + SELECTED
    + " AND reason = ANY(%(reasons)s) ORDER BY id LIMIT %(limit)s) RETURNING *"
)

KNOWN = "SELECT id FROM uploads WHERE id = ANY(%(ids)s)"

SETTLED = "SELECT id FROM uploads WHERE id = ANY(%(ids)s) AND state <> 'received'"

UNFINISHED = """
SELECT * FROM uploads WHERE state = 'received' AND received_at < %(before)s
ORDER BY received_at, id LIMIT %(limit)s"""

COUNTS = """
SELECT state, count(*) FROM uploads WHERE %(project)s::text IS NULL OR project = %(project)s
GROUP BY state"""


def key_hash(key: str) -> str:
    """64 hexadecimal digits: a key of 1024 bytes is longer than an entry of an index may be."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def register_upload(conn: Connection, row: Upload) -> Upload:
    """Note that an object version arrived, once; the row as it is now."""
    fresh = one(conn, Upload, REGISTER, {**vars(row), "key_hash": key_hash(row.key)})
    return fresh or get_upload(conn, row.id) or row


def register_members(conn: Connection, archive: str, rows: Sequence[Upload]) -> None:
    """Note what was unpacked from an archive, at most 1000 rows in a transaction; safe to repeat.

    Done for all of them before the archive itself is accepted: `archive_progress` relies on that.
    """
    values = [{**vars(row), "key_hash": key_hash(row.key), "archive": archive} for row in rows]
    with conn.cursor() as cursor:
        cursor.executemany(REGISTER_MEMBER, values)


def get_upload(conn: Connection, upload_id: str) -> Upload | None:
    return one(conn, Upload, GET, {"id": upload_id})


def get_uploads(conn: Connection, ids: Iterable[str]) -> list[Upload]:
    """Those of the ids that are registered, in any order."""
    return many(conn, Upload, GET_MANY, {"ids": list(ids)})


def find_uploads(conn: Connection, prefix: str, limit: int = 2) -> list[Upload]:
    """Those whose id begins so; `prefix` is of hexadecimal digits."""
    return many(conn, Upload, FIND, {"prefix": prefix, "limit": limit})


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


def ignore_upload(
    conn: Connection,
    upload_id: str,
    reason: str,
    at: datetime,
    details: Mapping[str, int | float | str] | None = None,
) -> bool:
    """Set aside a received upload that asks for nothing, such as a folder marker or a report."""
    text = json.dumps(dict(details), sort_keys=True) if details else None
    return _finish(conn, upload_id, "ignored", reason, text, at)


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


def retract_upload(conn: Connection, upload_id: str, reason: str, at: datetime) -> bool:
    """Quarantine an accepted image after all: it is no image any more, and its series is open again.

    False when it is not accepted; what it was is told by its upload alone then, and by datasets it is in.
    """
    image = get_image(conn, upload_id)
    if not changed(conn, RETRACT, {"id": upload_id, "reason": reason, "at": at}):
        return False
    if image is not None and image.series is not None:
        reopen_series(conn, image.series)
    changed(conn, REMOVE_IMAGE, {"id": upload_id})
    return True


def list_quarantined(conn: Connection, of: Selection | None = None, limit: int = 100) -> list[Upload]:
    """Latest first."""
    return many(conn, Upload, LIST_QUARANTINED, {**vars(of or Selection()), "limit": limit})


def count_quarantined(conn: Connection, of: Selection | None = None) -> dict[str, int]:
    """How many are held for each reason."""
    return counts(conn, COUNT_QUARANTINED, vars(of or Selection()))


def retry_uploads(conn: Connection, of: Selection, at: datetime, limit: int = 1000) -> list[Upload]:
    """Have refused uploads looked at again, whatever the reason was.

    At most `limit` at once: call until it is empty, with `before` set, since they may be refused again.
    """
    return many(conn, Upload, RETRY, {**vars(of), "at": at, "limit": limit})


def release_uploads(conn: Connection, of: Selection, at: datetime, limit: int = 1000) -> list[Upload]:
    """Like `retry_uploads`, with the reason overruled for good; reasons that nobody may overrule stay."""
    values = {**vars(of), "reasons": sorted(reason.value for reason in RELEASABLE), "at": at, "limit": limit}
    return many(conn, Upload, RELEASE, values)


def known_versions(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Those of the ids that are registered."""
    return {found for (found,) in conn.execute(KNOWN, {"ids": list(ids)}).fetchall()}


def settled_versions(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Those of the ids that are decided."""
    return {found for (found,) in conn.execute(SETTLED, {"ids": list(ids)}).fetchall()}


def unfinished_uploads(conn: Connection, before: datetime, limit: int = 1000) -> list[Upload]:
    """Received before then and still undecided, oldest first."""
    return many(conn, Upload, UNFINISHED, {"before": before, "limit": limit})


def upload_counts(conn: Connection, project: str | None = None) -> dict[str, int]:
    """How many uploads are in each state, of one project or of all."""
    return counts(conn, COUNTS, {"project": project})
