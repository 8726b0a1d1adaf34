"""The folder of clean files: whole files only, and nothing is ever written over."""

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import Final

from medloop.handover.naming import numbered

PART: Final = ".medloop-{pid}.part"
PARTS: Final = ".medloop-*.part"
"""What an interrupted run leaves behind, in the folder itself."""


def store(folder: Path, path: PurePosixPath, content: bytes) -> PurePosixPath:
    """Where the file lies now, below `folder`: where it lay already, if it did."""
    other = numbered(path, hashlib.sha256(content).hexdigest())
    for place in (path, other):
        target = folder / place
        if _holds(target, content) or _written(folder, target, content):
            return place
    return other  # its name holds its content's hash


def remove_parts(folder: Path) -> None:
    for part in folder.glob(PARTS):
        part.unlink(missing_ok=True)


def _holds(target: Path, content: bytes) -> bool:
    try:
        return target.stat().st_size == len(content) and target.read_bytes() == content
    except FileNotFoundError:
        return False


def _written(folder: Path, target: Path, content: bytes) -> bool:
    """False where another file has the name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = folder / PART.format(pid=os.getpid())
    try:
        part.write_bytes(content)
        return _linked(part, target, content)
    finally:
        part.unlink(missing_ok=True)


def _linked(part: Path, target: Path, content: bytes) -> bool:
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    except OSError:  # a file system without links, such as a memory stick's
        try:
            with target.open("xb") as file:
                file.write(content)
        except FileExistsError:
            return False
    return True
