"""Zips what `sam build` made, for speed: quickly, and once for all functions that hold the same files.

sam would compress each as small as it gets: a minute or more, to save bytes that never leave this machine.
"""

import hashlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

CODE_FOLDER = re.compile(r"^( +(?:CodeUri|ContentUri): )(\w+)$", re.MULTILINE)
"""As sam writes it into the built template, for every function and layer."""

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The same files give the same archive, whenever it is made."""


def zip_once(build: Path, template: Path) -> None:
    """Write the template to deploy: the built one, with archives in the place of folders."""
    archives: dict[str, str] = {}

    def archive(found: re.Match[str]) -> str:
        folder = build / found[2]
        content = fingerprint(folder)
        if content not in archives:
            archives[content] = f"{content[:16]}.zip"
            _zip(folder, build / archives[content])
        return found[1] + archives[content]

    template.write_text(CODE_FOLDER.sub(archive, (build / "template.yaml").read_text()))


def fingerprint(folder: Path) -> str:
    """Equal for folders of equal content.

    A file with several hard links is known by its inode: the Makefile links all packages into each folder.
    """
    digest = hashlib.sha256()
    for file in _files(folder):
        status = file.stat()
        same = str(status.st_ino) if status.st_nlink > 1 else hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(folder)} {same}\n".encode())
    return digest.hexdigest()


def _zip(folder: Path, target: Path) -> None:
    # The quickest level: these bytes travel within one machine.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in _files(folder):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)), FIRST_DAY)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=1)


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(file for file in folder.rglob("*") if file.is_file())
