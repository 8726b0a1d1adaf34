"""Whether an object version may come in, before its content is looked at, and what becomes of it."""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from medloop.rules.keys import Place, Purpose, same_label
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused

MAX_IMAGE_BYTES: Final = 256 * 2**20
"""An uncompressed 16-bit mammogram has 60 MB."""

MAX_ARCHIVE_BYTES: Final = 50 * 2**30
"""S3 takes objects of up to 5 TB; an archive is unpacked by one function in a quarter of an hour."""

MAX_LABELS_BYTES: Final = 64 * 2**20
"""A million lines of CSV."""

MAX_PROJECT_BYTES: Final = 64 * 2**10
"""A project.yaml with a thousand classes has 20 KB."""

_LIMITS: Final = {
    Purpose.PROJECT: MAX_PROJECT_BYTES,
    Purpose.MANIFEST: MAX_LABELS_BYTES,
    Purpose.ARCHIVE: MAX_ARCHIVE_BYTES,
}


@dataclass(frozen=True)
class Admission:
    """A place in a project that exists."""

    project: str
    purpose: Purpose
    label: str | None
    """As project.yaml spells it."""
    wants_prediction: bool
    """The image goes to the champion, if the project has one."""


def image_id(bucket: str, key: str, version_id: str) -> str:
    """32 hexadecimal digits; the same object version always gets the same id, on every delivery."""
    # JSON keeps the parts apart: ("a", "b/c") and ("a/b", "c") must differ.
    name = json.dumps([bucket, key, version_id]).encode("ascii")
    return hashlib.sha256(name).hexdigest()[:32]


def is_ignored(place: Place, size: int) -> bool:
    """Folder markers are neither accepted nor refused; with content they are files in no place."""
    return place.purpose is Purpose.FOLDER and size == 0


def check_size(place: Place, size: int) -> None:
    """By the size that the event states, before a byte is fetched.

    Raises:
        Refused: EMPTY, TOO_LARGE, or MISPLACED for a folder marker with content.
    """
    if place.purpose is Purpose.FOLDER:
        raise Refused(Reason.MISPLACED, {"part": "file"})
    if size == 0:
        raise Refused(Reason.EMPTY, {"actual_bytes": 0})
    limit = _LIMITS.get(place.purpose, MAX_IMAGE_BYTES)
    if size > limit:
        raise Refused(Reason.TOO_LARGE, {"actual_bytes": size, "limit_bytes": limit})


def admit(place: Place, project: Project | None) -> Admission:
    """An image's place against the project as the catalogue knows it now.

    Raises:
        Refused: UNKNOWN_PROJECT or UNKNOWN_CLASS; both are looked at again when the project changes.
    """
    if project is None or project.project != place.project:
        raise Refused(Reason.UNKNOWN_PROJECT)
    label = _spelt_by(project, place.label) if place.label is not None else None
    return Admission(project.project, place.purpose, label, wants_prediction(place.purpose))


def wants_prediction(purpose: Purpose) -> bool:
    """Labelled images have their answer already."""
    return purpose in (Purpose.PREDICT, Purpose.IMAGES)


def _spelt_by(project: Project, label: str) -> str:
    for name in project.classes:
        if same_label(name, label):
            return name
    raise Refused(Reason.UNKNOWN_CLASS, {"classes": len(project.classes)})
