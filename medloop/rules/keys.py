"""Where an uploaded key lies in the layout: `<project>/<purpose>/…`. Keys are data, never paths."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from events.message import ClassName, ProjectName
from medloop.rules.reasons import Reason, Refused

_PROJECT: TypeAdapter[str] = TypeAdapter(ProjectName)
_CLASS: TypeAdapter[str] = TypeAdapter(ClassName)


class Purpose(StrEnum):
    PROJECT = "project"
    """`<project>/project.yaml`"""
    LABELLED = "labelled"
    """`<project>/labelled/<class>/…`: an example of its class."""
    IMAGES = "images"
    """`<project>/images/…`: an image whose label arrives separately."""
    PREDICT = "predict"
    """`<project>/predict/…`: to be predicted, never trained on."""
    FOLDER = "folder"
    """A key that ends with a slash: what consoles write to show an empty folder."""


_IMAGE_PURPOSES = frozenset({Purpose.LABELLED, Purpose.IMAGES, Purpose.PREDICT})


@dataclass(frozen=True)
class Place:
    project: str
    """Empty for a folder marker outside any project."""
    purpose: Purpose
    label: str | None = None
    """The class folder in Unicode NFC, whatever form the uploading system used; only where labelled."""


def parse_key(key: str) -> Place:
    """Accepts any string: spaces, emoji, `..` and control characters in file names are just characters.

    Raises:
        Refused: MISPLACED outside the layout, UNSUPPORTED_FORMAT for labels/ and for zip archives.
    """
    first, *rest = key.split("/")
    if key.endswith("/"):
        return Place(first if _fits(_PROJECT, first) else "", Purpose.FOLDER)
    if not _fits(_PROJECT, first):
        raise Refused(Reason.MISPLACED, {"part": "project"})
    if rest == ["project.yaml"]:
        return Place(first, Purpose.PROJECT)
    if len(rest) < 2:
        raise Refused(Reason.MISPLACED, {"part": "purpose"})
    if rest[0] == "labels":
        raise Refused(Reason.UNSUPPORTED_FORMAT, {"place": "labels"})
    if rest[0] not in _IMAGE_PURPOSES:
        raise Refused(Reason.MISPLACED, {"part": "purpose"})
    if rest[-1].lower().endswith(".zip"):
        raise Refused(Reason.UNSUPPORTED_FORMAT, {"format": "zip"})
    purpose = Purpose(rest[0])
    return Place(first, purpose, _label(rest[1:]) if purpose is Purpose.LABELLED else None)


def same_label(one: str, other: str) -> bool:
    """Whether two labels are the same text: `é` typed as one character or as two."""
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def _label(parts: list[str]) -> str:
    label = unicodedata.normalize("NFC", parts[0])
    if len(parts) < 2 or not _fits(_CLASS, label):
        raise Refused(Reason.MISPLACED, {"part": "class"})
    return label


def _fits(adapter: TypeAdapter[str], text: str) -> bool:
    try:
        adapter.validate_python(text)
    except ValidationError:
        return False
    return True
