"""Objects in S3: read one version, write, copy, list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from botocore.exceptions import ClientError

from medloop.aws.clients import client

GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})

ARCHIVE: Final = "archive"
"""The metadata by which an unpacked file tells the upload that it came in."""


class ObjectGone(LookupError):
    """The object version is no longer there: deleted between its event and now."""


@dataclass(frozen=True, repr=False)
class ObjectVersion:
    """One version in a bucket. Not printable: the key is the user's and may hold a name."""

    bucket: str
    key: str
    version_id: str
    size: int
    written_at: datetime


def read(bucket: str, key: str, version_id: str | None = None) -> bytes:
    """The whole content of one version, or of the newest.

    Raises:
        ObjectGone: there is no such object or version.
    """
    version = {} if version_id in (None, "null") else {"VersionId": version_id}
    try:
        content: bytes = client("s3").get_object(Bucket=bucket, Key=key, **version)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            raise ObjectGone from None
        raise
    return content


def write(bucket: str, key: str, content: bytes, content_type: str = "application/octet-stream") -> None:
    """Write and let S3 verify the bytes it received."""
    client("s3").put_object(
        Bucket=bucket, Key=key, Body=content, ContentType=content_type, ChecksumAlgorithm="SHA256"
    )


def write_labelled(bucket: str, key: str, content: bytes, archive: str) -> str:
    """Write what an archive held, marked with the archive's upload id; the version's id."""
    answer = client("s3").put_object(
        Bucket=bucket, Key=key, Body=content, Metadata={ARCHIVE: archive}, ChecksumAlgorithm="SHA256"
    )
    return str(answer.get("VersionId", "null"))


def written_by(bucket: str, key: str, archive: str, size: int) -> str | None:
    """The newest version's id if this archive's unpacking wrote it, all `size` bytes; otherwise None."""
    head = _head(bucket, key)
    if head is None or head["ContentLength"] != size or head["Metadata"].get(ARCHIVE) != archive:
        return None
    return str(head.get("VersionId", "null"))


def written_at(bucket: str, key: str, version_id: str) -> datetime:
    """By S3's own clock.

    Raises:
        ObjectGone: there is no such version.
    """
    head = _head(bucket, key, version_id)
    if head is None:
        raise ObjectGone
    written: datetime = head["LastModified"]
    return written


def copy(source_uri: str, bucket: str, key: str) -> None:
    """Server-side copy of any size.

    Raises:
        ObjectGone: there is no such source.
    """
    source_bucket, source_key = parse_uri(source_uri)
    try:
        client("s3").copy({"Bucket": source_bucket, "Key": source_key}, bucket, key)
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            raise ObjectGone from None
        raise


def exists(bucket: str, key: str) -> bool:
    return _head(bucket, key) is not None


def checksum(bucket: str, key: str) -> str | None:
    """Base64 SHA-256 that S3 took of the newest version when it was written; None where there is none."""
    try:
        head = client("s3").head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return None
        raise
    return str(head.get("ChecksumSHA256", ""))


def newest_version(bucket: str, key: str) -> str | None:
    """The version id that a plain read would get, or None where the object is deleted."""
    head = _head(bucket, key)
    return None if head is None else str(head.get("VersionId", "null"))


def _head(bucket: str, key: str, version_id: str = "null") -> dict[str, Any] | None:
    version = {} if version_id == "null" else {"VersionId": version_id}
    try:
        head: dict[str, Any] = client("s3").head_object(Bucket=bucket, Key=key, **version)
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return None
        raise
    return head


def list_keys(bucket: str, prefix: str) -> Iterator[str]:
    for page in client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (item["Key"] for item in page.get("Contents", []))


def list_folders(bucket: str, prefix: str) -> list[str]:
    """The names directly under `prefix`, which ends in a slash."""
    pages = (
        client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    )
    return [
        item["Prefix"][len(prefix) :].rstrip("/") for page in pages for item in page.get("CommonPrefixes", [])
    ]


def list_versions(bucket: str, prefix: str = "", limit: int | None = None) -> Iterator[ObjectVersion]:
    """Every version of every object under `prefix`, at most `limit`; delete markers are not versions."""
    pages = client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    items = (item for page in pages for item in page.get("Versions", []))
    for item in islice(items, limit):
        yield ObjectVersion(
            bucket, item["Key"], item.get("VersionId", "null"), item["Size"], item["LastModified"]
        )


def delete(bucket: str, keys: list[str]) -> None:
    for start in range(0, len(keys), 1000):
        batch = [{"Key": key} for key in keys[start : start + 1000]]
        client("s3").delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


def parse_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/key` → (bucket, key)."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
