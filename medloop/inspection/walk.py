"""Every file under the given paths, in a steady order, without following links to folders."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def walk(paths: Iterable[Path]) -> Iterator[str]:
    """Files as they are named, folders file by file; pipes and devices are left out."""
    for path in paths:
        if path.is_dir():
            yield from _folder(path)
        else:
            yield str(path)


def _folder(top: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_file():
                yield str(path)
