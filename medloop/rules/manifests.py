"""A manifest as its writer makes it: which files of a folder belong together, and what they must hold."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from medloop.rules.paths import MAX_KEY_BYTES, path_problem, plain_path
from medloop.rules.reasons import Reason, Refused

MAX_MANIFEST_BYTES: Final = 16 * 2**20
"""A hundred thousand files with their checksums take about that."""

MAX_FILES: Final = 100_000

_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class ManifestFile:
    path: str = field(repr=False)
    """Below the manifest's own folder."""
    sha256: str | None = None
    """Lower-case hexadecimal."""


@dataclass(frozen=True)
class Manifest:
    files: tuple[ManifestFile, ...]


def parse_manifest(content: bytes, path_bytes: int = MAX_KEY_BYTES) -> Manifest:
    """Read `{"files": [{"path": "relative/to/the/manifest", "sha256": "optional"}]}`.

    `path_bytes` is what a path may take: a key's limit less what the manifest's folder takes.

    Raises:
        Refused: INVALID_MANIFEST; the fact `entry` counts from 1, and what it says is never repeated.
    """
    if len(content) > MAX_MANIFEST_BYTES:
        raise _invalid("size", actual_bytes=len(content), limit_bytes=MAX_MANIFEST_BYTES)
    entries = _entries(content)
    files: dict[str, ManifestFile] = {}
    for number, entry in enumerate(entries, start=1):
        file = _file(entry, number, path_bytes)
        if file.path in files:
            raise _invalid("duplicate", entry=number)
        files[file.path] = file
    return Manifest(tuple(files.values()))


def _entries(content: bytes) -> list[Any]:
    try:
        document: Any = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _invalid("json", actual_bytes=len(content)) from None
    entries = document.get("files") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise _invalid("files")
    if len(entries) > MAX_FILES:
        raise _invalid("too_many_files", files=len(entries), limit=MAX_FILES)
    return entries


def _file(entry: object, number: int, path_bytes: int) -> ManifestFile:
    """Fields of other names are passed over: exporters write sizes and dates as well."""
    if not isinstance(entry, dict):
        raise _invalid("entry", entry=number)
    written, sha256 = entry.get("path"), entry.get("sha256")
    if not isinstance(written, str) or not plain_path(written):
        raise _invalid("path", entry=number)
    problem = path_problem(written, path_bytes)
    if problem is not None:
        raise _invalid(f"path_{problem}", entry=number)
    if sha256 is not None and not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        raise _invalid("sha256", entry=number)
    return ManifestFile(plain_path(written), sha256.lower() if sha256 else None)


def _invalid(problem: str, **facts: int) -> Refused:
    return Refused(Reason.INVALID_MANIFEST, {"problem": problem, **facts})
