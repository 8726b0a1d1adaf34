"""Where an uploaded key lies in the layout: `<project>/<purpose>/…`. Keys are data, never paths."""

import unicodedata
from dataclasses import dataclass, field
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
    LABELS = "labels"
    """`<project>/labels/…`: labels of images/, as CSV or as masks with the image's stem."""
    MANIFEST = "manifest"
    """`manifest.json` or `….manifest.json` in a folder of images: which files belong together."""
    ARCHIVE = "archive"
    """`….zip` anywhere in the project: to be unpacked where it lies."""
    FOLDER = "folder"
    """A key that ends with a slash: what consoles write to show an empty folder."""


ARCHIVES = (".zip", ".ZIP")
"""Endings that the archive door's role may not write: template.yaml repeats them."""

_FOLDERS = frozenset({Purpose.LABELLED, Purpose.IMAGES, Purpose.PREDICT, Purpose.LABELS})


@dataclass(frozen=True)
class Place:
    project: str
    """Empty for a folder marker outside any project."""
    purpose: Purpose
    label: str | None = None
    """The class folder in Unicode NFC, whatever form the uploading system used; only where labelled."""
    path: str = field(default="", compare=False, repr=False)
    """Below the purpose's folder, as the user wrote it: may hold names, so it stays in the catalogue."""


def parse_key(key: str) -> Place:
    """Accepts any string: spaces, emoji, `..` and control characters in file names are just characters.

    Raises:
        Refused: MISPLACED outside the layout.
    """
    first, *rest = key.split("/")
    if key.endswith("/"):
        return Place(first if _fits(_PROJECT, first) else "", Purpose.FOLDER)
    if not _fits(_PROJECT, first):
        raise Refused(Reason.MISPLACED, {"part": "project"})
    if rest == ["project.yaml"]:
        return Place(first, Purpose.PROJECT)
    if rest and rest[-1].endswith(ARCHIVES):
        return Place(first, Purpose.ARCHIVE, path="/".join(rest))
    if len(rest) < 2 or rest[0] not in _FOLDERS:
        raise Refused(Reason.MISPLACED, {"part": "purpose"})
    purpose, path = Purpose(rest[0]), "/".join(rest[1:])
    if purpose is not Purpose.LABELS and _is_manifest(rest[-1]):
        return Place(first, Purpose.MANIFEST, path="/".join(rest))
    return Place(first, purpose, _label(rest[1:]) if purpose is Purpose.LABELLED else None, path)


def folder_of(key: str) -> str:
    """The key up to and with its last slash."""
    return key[: key.rfind("/") + 1]


def _is_manifest(name: str) -> bool:
    return name == "manifest.json" or name.endswith(".manifest.json")


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
