"""The bodies of S3 objects lie on disk alone; ministack 1.5.33 keeps every version's in memory as well."""

from typing import Any


def amend(s3: Any) -> None:
    """Let go of a version's body as soon as it is on disk: ministack reads it there as after a restart."""
    persist = s3._persist_object

    def persist_object(bucket: str, key: str, stored: Any) -> None:
        persist(bucket, key, stored)
        # Where it could not be written, ministack keeps it, and so do we.
        if isinstance(stored, dict) and stored.get("body") is None:
            this = stored.get("version_id") or "null"
            for version in s3._object_versions.get((bucket, key), ()):
                if version["version_id"] == this:
                    version["data"] = None

    s3._persist_object = persist_object
