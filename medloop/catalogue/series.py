"""Series of slices on their way to becoming volumes, and the versions that they became."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medloop.catalogue.images import Image, add_image
from medloop.catalogue.rows import changed, many, one
from medloop.catalogue.secret import Connection

SeriesState = Literal["open", "assembled", "refused"]


@dataclass(frozen=True)
class Series:
    """`open` means: slices have arrived that no version holds yet."""

    id: str
    """Hash of project, purpose, label and the pseudonymous series UID."""
    project: str
    purpose: str
    label: str | None
    patient_group: str
    opened_at: datetime
    state: SeriesState = "open"
    scheduled_for: datetime | None = None
    """When the schedule fires that will look at it; None where there is none."""
    version: int = 0
    slices: int = 0
    """How many instances the last version was made of."""
    reason: str | None = None
    details: str | None = None
    """JSON text: what each stack became, or why it did not."""
    assembled_at: datetime | None = None


@dataclass(frozen=True)
class Arrivals:
    """What has arrived of a series."""

    slices: int
    last_at: datetime | None


# Written only when something changes: thousands of slices must not queue for one row.
OPEN = """
INSERT INTO series (id, project, purpose, label, patient_group, opened_at, state, version, slices)
VALUES (%(id)s, %(project)s, %(purpose)s, %(label)s, %(patient_group)s, %(opened_at)s, 'open', 0, 0)
ON CONFLICT (id) DO NOTHING"""

REOPEN = "UPDATE series SET state = 'open', scheduled_for = NULL WHERE id = %(id)s AND state <> 'open'"

GET = "SELECT * FROM series WHERE id = %(id)s"

LIST = """
SELECT * FROM series
WHERE (%(project)s::text IS NULL OR project = %(project)s) AND (%(state)s::text IS NULL OR state = %(state)s)
ORDER BY opened_at DESC, id LIMIT %(limit)s"""

SCHEDULED = "UPDATE series SET scheduled_for = %(at)s WHERE id = %(id)s AND state = 'open'"

ARRIVALS = """
SELECT count(*) AS slices, max(accepted_at) AS last_at FROM images
WHERE series = %(id)s AND frames IS NOT NULL"""

SLICES = """
SELECT * FROM images WHERE series = %(id)s AND frames IS NOT NULL ORDER BY id"""

FOLDERS = """
SELECT DISTINCT substring(u.key from '^(.*)/[^/]*$') FROM images i JOIN uploads u ON u.id = i.id
WHERE i.series = %(id)s"""

OVERDUE = """
SELECT * FROM series WHERE state = 'open' AND coalesce(scheduled_for, opened_at) < %(before)s
ORDER BY opened_at, id LIMIT %(limit)s"""

SUPERSEDE = """
UPDATE images SET superseded_by = %(version)s
WHERE series = %(id)s AND frames IS NULL AND superseded_by IS NULL AND NOT (id = ANY(%(kept)s))"""

REVIVE = "UPDATE images SET superseded_by = NULL WHERE id = ANY(%(kept)s)"

FINISH = """
UPDATE series SET state = %(state)s, version = version + 1,
                  slices = %(slices)s, reason = %(reason)s, details = %(details)s,
                  assembled_at = %(at)s, scheduled_for = NULL
WHERE id = %(id)s AND state = 'open' AND version = %(version)s"""

OF_ARCHIVE = """
SELECT * FROM series WHERE state = 'open' AND id IN (
    SELECT i.series FROM images i JOIN uploads u ON u.id = i.id WHERE u.archive = %(id)s)
ORDER BY id"""

OF_MANIFEST = """
SELECT * FROM series WHERE state = 'open' AND id IN (
    SELECT i.series FROM images i JOIN uploads u ON u.id = i.id
    JOIN manifest_files f ON f.key_hash = u.key_hash WHERE f.manifest = %(id)s)
ORDER BY id"""

VOLUMES = """
SELECT * FROM images WHERE series = %(id)s AND frames IS NULL AND superseded_by IS NULL ORDER BY id"""


def instances(rows: Sequence[Image]) -> list[Image]:
    """Each instance once. A copy has the pixels of another and its place: slices that merely look alike, as
    those of a symmetric object or of an empty margin do, lie elsewhere."""
    first: dict[tuple[str, str | None], Image] = {}
    for row in rows:
        first.setdefault((row.array_sha256, row.frames), row)
    return list(first.values())


def open_series(conn: Connection, row: Series) -> Series:
    """Note that a slice arrived: the series is there and open; the row as stored."""
    changed(conn, OPEN, vars(row))
    changed(conn, REOPEN, {"id": row.id})
    return one(conn, Series, GET, {"id": row.id}) or row


def reopen_series(conn: Connection, series_id: str) -> None:
    changed(conn, REOPEN, {"id": series_id})


def get_series(conn: Connection, series_id: str) -> Series | None:
    return one(conn, Series, GET, {"id": series_id})


def list_series(
    conn: Connection, project: str | None = None, state: SeriesState | None = None, limit: int = 100
) -> list[Series]:
    """Latest first."""
    return many(conn, Series, LIST, {"project": project, "state": state, "limit": limit})


def note_schedule(conn: Connection, series_id: str, at: datetime) -> None:
    changed(conn, SCHEDULED, {"id": series_id, "at": at})


def arrivals(conn: Connection, series_id: str) -> Arrivals:
    return one(conn, Arrivals, ARRIVALS, {"id": series_id}) or Arrivals(0, None)


def slices_of(conn: Connection, series_id: str) -> list[Image]:
    """Every accepted instance, by id."""
    return many(conn, Image, SLICES, {"id": series_id})


def folders_of(conn: Connection, series_id: str) -> list[str]:
    """The keys' folders that its instances were uploaded to: user text, not for logs."""
    rows = conn.execute(FOLDERS, {"id": series_id}).fetchall()
    return sorted(folder for (folder,) in rows if folder)


def overdue_series(conn: Connection, before: datetime, limit: int = 1000) -> list[Series]:
    """Open, and looked at by nobody although their time has come."""
    return many(conn, Series, OVERDUE, {"before": before, "limit": limit})


def finish_series(
    conn: Connection,
    of: Series,
    slices: int,
    volumes: Sequence[Image],
    refusal: tuple[str | None, str],
    at: datetime,
) -> bool:
    """Store a new version: these volumes, and none of the earlier ones any more.

    `slices` is how many instances they were made of; `refusal` is (reason or None, JSON details).
    False, with nothing changed, when another process was faster.
    """
    reason, details = refusal
    state: SeriesState = "assembled" if volumes else "refused"
    values = {"id": of.id, "state": state, "reason": reason, "details": details, "at": at}
    if changed(conn, FINISH, {**values, "version": of.version, "slices": slices}) == 0:
        return False
    changed(conn, SUPERSEDE, {"id": of.id, "version": of.version + 1, "kept": [row.id for row in volumes]})
    for row in volumes:
        add_image(conn, row)
    changed(conn, REVIVE, {"kept": [row.id for row in volumes]})
    return True


def series_of_archive(conn: Connection, archive: str) -> list[Series]:
    """The open series that a slice in this archive belongs to."""
    return many(conn, Series, OF_ARCHIVE, {"id": archive})


def series_of_manifest(conn: Connection, manifest: str) -> list[Series]:
    """The open series that a file named by this manifest belongs to."""
    return many(conn, Series, OF_MANIFEST, {"id": manifest})


def volumes_of(conn: Connection, series_id: str) -> list[Image]:
    """What its latest version is made of."""
    return many(conn, Image, VOLUMES, {"id": series_id})
