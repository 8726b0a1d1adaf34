"""A model's card and its pictures, as objects of their own beside the archive that its job left."""

import io
import re
import tarfile
from collections.abc import Iterator
from typing import Final

from medloop.aws import objects

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}\.(md|json|png)")
MEDIA_TYPES: Final = {"md": "text/markdown", "json": "application/json", "png": "image/png"}
FOLDER: Final = "evidence/"
"""Of the archive, and of the models bucket."""

LARGEST: Final = 16 * 2**20
"""Bytes of one file; a picture of worst cases has half a megabyte."""


def key_of(project: str, version: int, name: str) -> str:
    """
    >>> key_of("chest", 3, "MODEL_CARD.md")
    'evidence/chest/3/MODEL_CARD.md'
    """
    return f"{FOLDER}{project}/{version}/{name}"


def media_type_of(name: str) -> str:
    return MEDIA_TYPES[name.rpartition(".")[2]]


def publish(bucket: str, job: str, project: str, version: int) -> list[str]:
    """Out of the job's output; their names. Written again, every file is the same.

    Raises:
        ObjectGone: the job left no output.
        tarfile.TarError: the archive is damaged.
    """
    archive = objects.read(bucket, f"jobs/{job}/output/output.tar.gz")
    names = []
    for name, content in _files(archive):
        objects.write(bucket, key_of(project, version, name), content, media_type_of(name))
        names.append(name)
    return names


def names(bucket: str, project: str, version: int) -> list[str]:
    """What is there of a version, sorted."""
    start = key_of(project, version, "")
    found = (key.removeprefix(start) for key in objects.list_keys(bucket, start))
    return sorted(name for name in found if NAME.fullmatch(name))


def _files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Only what lies in the folder of that name, and is called as our own files are."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for entry in tar:
            folder, _, name = entry.name.removeprefix("./").rpartition("/")
            if f"{folder}/" != FOLDER or not NAME.fullmatch(name):
                continue
            file = tar.extractfile(entry) if entry.isfile() and entry.size <= LARGEST else None
            if file is not None:
                yield name, file.read()
