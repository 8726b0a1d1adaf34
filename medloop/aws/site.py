"""The console's files in its bucket: written when they differ, removed when they are gone."""

import hashlib
import json
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from medloop.settings import Settings

FIRST_PAGE, CONFIGURATION = "index.html", "config.json"

DIGEST = "sha256"
"""Under this name an object's metadata tells its content: an encrypted object's ETag does not."""

ASK_FIRST = "no-cache"
"""Browsers and CloudFront keep a copy, and ask before they use it: never two releases mixed in one page."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
"""Said here, because the table that Python knows is the machine's."""


class NoConsole(LookupError):
    """The folder holds no console."""


@dataclass(frozen=True)
class Published:
    written: int
    removed: int

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


def release(folder: Path, settings: Settings) -> dict[str, bytes]:
    """Every file of the console by its path, and what it needs to know of this deployment.

    Raises:
        NoConsole: where there is no first page.
    """
    files = _read(folder)
    if FIRST_PAGE not in files:
        raise NoConsole(f"there is no {FIRST_PAGE} in {folder}")
    return {**files, CONFIGURATION: json.dumps(configuration(settings), indent=2).encode()}


def configuration(settings: Settings) -> dict[str, str]:
    """Nothing in it is secret: whoever opens the page reads it before they sign in."""
    return {
        "api": settings.api_url,
        "sign_in": settings.sign_in_url,
        "client": settings.user_pool_client_id,
        "stage": settings.stage,
        "version": version("medloop"),
    }


def _read(folder: Path) -> dict[str, bytes]:
    """What begins with a dot stays at home."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    }


def fingerprint(files: Mapping[str, bytes]) -> str:
    """Equal for equal files."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{_digest(content)}\n".encode())
    return digest.hexdigest()


def publish(s3: Any, bucket: str, files: Mapping[str, bytes]) -> Published:
    """Make the bucket hold exactly these files; nothing is written where nothing differs.

    The first page comes last, so that it never names a file that is not there yet.
    """
    written = 0
    for name in sorted(files, key=lambda name: (name == FIRST_PAGE, name)):
        digest = _digest(files[name])
        if _published_digest(s3, bucket, name) != digest:
            s3.put_object(
                Bucket=bucket,
                Key=name,
                Body=files[name],
                ContentType=media_type(name),
                CacheControl=ASK_FIRST,
                Metadata={DIGEST: digest},
            )
            written += 1
    stale = [name for name in _names(s3, bucket) if name not in files]
    for name in stale:
        s3.delete_object(Bucket=bucket, Key=name)
    return Published(written, len(stale))


def media_type(name: str) -> str:
    """
    >>> media_type("views/jobs.js")
    'text/javascript; charset=utf-8'
    """
    suffix = Path(name).suffix
    return TYPES.get(suffix) or mimetypes.types_map.get(suffix) or "application/octet-stream"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _published_digest(s3: Any, bucket: str, name: str) -> str | None:
    try:
        return str(s3.head_object(Bucket=bucket, Key=name)["Metadata"].get(DIGEST))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise


def _names(s3: Any, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from (entry["Key"] for entry in page.get("Contents", []))
