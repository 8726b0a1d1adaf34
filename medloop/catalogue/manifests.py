"""What archives and manifests announced, and how much of it is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.rows import changed, many, one
from medloop.catalogue.secret import Connection
from medloop.catalogue.uploads import Upload, key_hash, register_members
from medloop.rules.manifests import ManifestFile

Row = TypeVar("Row")

PAGE = 1000
"""Rows per transaction: DSQL takes 3000."""


@dataclass(frozen=True)
class Progress:
    """How far the files are that one archive or manifest announced."""

    settled: int
    """Accepted, quarantined or set aside."""
    expected: int
    is_announced: bool
    """Whether `expected` is final: the archive was unpacked to its end, the manifest read to its end."""

    @property
    def is_complete(self) -> bool:
        return self.is_announced and self.settled >= self.expected


FORGET_OTHER_VERSIONS = """
DELETE FROM manifest_files WHERE (manifest, key_hash) IN (
    SELECT f.manifest, f.key_hash FROM manifest_files f
    JOIN uploads o ON o.id = f.manifest JOIN uploads m ON m.key_hash = o.key_hash
    WHERE m.id = %(manifest)s AND o.id <> m.id LIMIT %(limit)s)"""

ADD_FILE = """
INSERT INTO manifest_files (manifest, key_hash, key, sha256)
VALUES (%(manifest)s, %(key_hash)s, %(key)s, %(sha256)s)
ON CONFLICT (manifest, key_hash) DO NOTHING"""

CHECKSUM = """
SELECT f.sha256 FROM manifest_files f JOIN uploads m ON m.id = f.manifest
WHERE f.key_hash = %(key_hash)s AND f.sha256 IS NOT NULL
ORDER BY m.received_at DESC, m.id LIMIT 1"""

CONTRADICTED = """
SELECT u.* FROM manifest_files f
JOIN uploads u ON u.key_hash = f.key_hash JOIN images i ON i.id = u.id
WHERE f.manifest = %(manifest)s AND f.sha256 <> i.content_sha256 AND u.state = 'accepted'
ORDER BY u.id LIMIT %(limit)s"""

# A file whose newer version is still on its way is not settled.
MANIFEST_PROGRESS = """
SELECT coalesce(sum(CASE WHEN found.undecided = 0 THEN 1 ELSE 0 END), 0)::bigint AS settled,
       count(*) AS expected,
       EXISTS (SELECT 1 FROM uploads WHERE id = %(id)s AND state = 'accepted') AS is_announced
FROM manifest_files f LEFT JOIN (
    SELECT u.key_hash, sum(CASE WHEN u.state = 'received' THEN 1 ELSE 0 END) AS undecided FROM uploads u
    WHERE u.key_hash IN (SELECT key_hash FROM manifest_files WHERE manifest = %(id)s)
    GROUP BY u.key_hash) found ON found.key_hash = f.key_hash
WHERE f.manifest = %(id)s"""

ARCHIVE_PROGRESS = """
SELECT coalesce(sum(CASE WHEN state <> 'received' THEN 1 ELSE 0 END), 0)::bigint AS settled,
       count(*) AS expected,
       EXISTS (SELECT 1 FROM uploads WHERE id = %(id)s AND state = 'accepted') AS is_announced
FROM uploads WHERE archive = %(id)s"""


def record_archive(catalogue: Catalogue, archive: str, members: Sequence[Upload]) -> None:
    """Note everything that was unpacked, before the archive is accepted; safe to repeat.

    In as many transactions as it takes, so not within another one.
    """
    for page in _pages(members):
        catalogue.run(partial(register_members, archive=archive, rows=page))


def record_manifest(catalogue: Catalogue, manifest: str, folder: str, files: Sequence[ManifestFile]) -> None:
    """Note what the newest version of a manifest names, before it is accepted; its older versions are void.

    `folder` is the manifest's key up to its last slash. In as many transactions as it takes.
    """
    others = {"manifest": manifest, "limit": PAGE}
    while catalogue.run(lambda conn: changed(conn, FORGET_OTHER_VERSIONS, others)):
        pass
    for page in _pages(files):
        catalogue.run(partial(add_manifest_files, manifest=manifest, folder=folder, files=page))


def add_manifest_files(conn: Connection, manifest: str, folder: str, files: Sequence[ManifestFile]) -> None:
    """At most 1000 in a transaction; `record_manifest` does it for all of them."""
    keys = [folder + file.path for file in files]
    values = [
        {"manifest": manifest, "key": key, "key_hash": key_hash(key), "sha256": file.sha256}
        for key, file in zip(keys, files, strict=True)
    ]
    with conn.cursor() as cursor:
        cursor.executemany(ADD_FILE, values)


def expected_checksum(conn: Connection, key: str) -> str | None:
    """The SHA-256 that the latest manifest states for what is uploaded under this key, if any does."""
    found = conn.execute(CHECKSUM, {"key_hash": key_hash(key)}).fetchone()
    return None if found is None else str(found[0])


def contradicted_uploads(conn: Connection, manifest: str, limit: int = 1000) -> list[Upload]:
    """Accepted before the manifest came, and not what it says."""
    return many(conn, Upload, CONTRADICTED, {"manifest": manifest, "limit": limit})


def manifest_progress(conn: Connection, manifest: str) -> Progress:
    return one(conn, Progress, MANIFEST_PROGRESS, {"id": manifest}) or Progress(0, 0, False)


def archive_progress(conn: Connection, archive: str) -> Progress:
    return one(conn, Progress, ARCHIVE_PROGRESS, {"id": archive}) or Progress(0, 0, False)


def _pages(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[start : start + PAGE] for start in range(0, len(rows), PAGE)]
