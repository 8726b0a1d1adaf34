"""Whether a folder is still what it was: by names, sizes and times of change, without reading a file."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from medloop.inspection.walk import walk


def files_in(folder: Path) -> list[Path]:
    """All of them, in a steady order."""
    return [Path(path) for path in walk([folder])]


def digest_of(data: Path) -> str:
    """SHA-256 in hexadecimal of a folder's listing, or of a single file's line."""
    digest = hashlib.sha256()
    for line in _lines(data):
        digest.update(line)
    return digest.hexdigest()


def _lines(data: Path) -> Iterator[bytes]:
    root = data if data.is_dir() else data.parent
    for path in files_in(data):
        found = path.stat()
        yield os.fsencode(path.relative_to(root)) + f"\0{found.st_size}\0{found.st_mtime_ns}\n".encode()
