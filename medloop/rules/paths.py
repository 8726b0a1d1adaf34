"""Relative paths that somebody else wrote, in an archive or a manifest, and that become keys in a folder."""

import re
from typing import Final

MAX_KEY_BYTES: Final = 1024
"""UTF-8 bytes of an S3 key."""

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


def path_problem(path: str, limit_bytes: int = MAX_KEY_BYTES) -> str | None:
    """Why this path may not be used, in one word; None when it stays below its folder whoever reads it.

    Backslashes and drive letters are plain characters in a key, but not to whoever downloads it to Windows.
    """
    if _SURROGATE.search(path):
        return "encoding"
    if _CONTROL.search(path):
        return "control"
    if "\\" in path:
        return "backslash"
    if path.startswith("/"):
        return "absolute"
    if _DRIVE.match(path):
        return "drive"
    if ".." in path.split("/"):
        return "parent"
    return "length" if len(path.encode()) > limit_bytes else None


def plain_path(path: str) -> str:
    """`./a//b` and `a/b` name one file: the latter of them."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))
