"""Which label belongs to which image: by path, else without extensions, else by the name alone."""

import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from os.path import commonprefix
from typing import Final, Literal

from events.dataset import Split
from medloop.rules.labels import Label

EXTENSIONS: Final = frozenset(
    {"dcm", "dicom", "ima", "nii", "png", "jpg", "jpeg", "jfif", "tif", "tiff", "npy"}
)
"""Only these are cut off: a DICOM file may be called 1.2.840.113, and is not 1.2.840 then."""

AFFINE_TOLERANCE: Final = 1e-3
"""Millimetres, for each entry of the matrix; scanners write float32, tools round."""


@dataclass(frozen=True)
class Place:
    """Where an image was uploaded to, and what its folder says of it."""

    image: str
    purpose: Literal["labelled", "images"]
    path: str | None = field(repr=False)
    """Below images/ or labelled/; None where it is not known. User text that may name a patient."""


@dataclass(frozen=True)
class Match:
    """A label and how it found an image."""

    label: Label
    level: int
    """0 for the whole path, 1 without extensions, 2 for the file's name, 3 for its name without extension."""
    ambiguous: bool
    """It fits other files equally well."""


@dataclass(frozen=True)
class Matches:
    """Everything that was ever said, newest first; `unmatched` counts labels whose image is not there."""

    classes: dict[str, list[Match]]
    masks: dict[str, list[Match]]
    unmatched: int


def stem_of(path: str) -> str:
    """`s1/case01.nii.gz` → `s1/case01`; what is no image's extension stays."""
    folder, slash, name = path.rpartition("/")
    stem = name[:-3] if name.lower().endswith(".nii.gz") else name
    base, dot, extension = stem.rpartition(".")
    return folder + slash + (base if dot and base and extension.lower() in EXTENSIONS else stem)


def common_folder(paths: Iterable[str | None]) -> str | None:
    """What a volume is called by: the folder that holds all of its slices, or None where they share none.

    `s1/ax/1.dcm`, `s1/ax/2.dcm` → `s1/ax`, so that `labels/s1/ax.nii.gz` is its mask and a CSV may say
    `s1/ax` or `ax`. Two series in one folder cannot be told apart so: their labels are ambiguous.
    """
    folders = [path.replace("\\", "/").split("/")[:-1] for path in paths if path is not None]
    return "/".join(commonprefix(folders)) or None


def match(places: Iterable[Place], labels: Iterable[Label]) -> Matches:
    """Find each label's image; labels and images may have come in any order."""
    found: dict[str, dict[str, list[Match]]] = {"class": defaultdict(list), "mask": defaultdict(list)}
    index, unmatched = _Index(places), 0
    for label in labels:
        level, fitting = index.find(label.target)
        paths = {place.path for place in fitting}
        for place in fitting:
            found[label.kind][place.image].append(Match(label, level, len(paths) > 1))
        unmatched += not fitting
    for versions in (*found["class"].values(), *found["mask"].values()):
        versions.sort(key=_newest_first)
        versions.reverse()
    return Matches(dict(found["class"]), dict(found["mask"]), unmatched)


def _newest_first(found: Match) -> tuple[object, ...]:
    """Of one source, the line that names the image more exactly counts as the newer."""
    return (*found.label.age, -found.level, found.label.line)


class _Index:
    """Images by everything that they may be called."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._levels: tuple[dict[str, list[Place]], ...] = tuple(defaultdict(list) for _ in range(4))
        for place in places:
            if place.path is not None:
                self._add(place, _plain(place.path))

    def _add(self, place: Place, path: str) -> None:
        whole, stems, names, bare = self._levels
        ways = [f"{place.purpose}/{path}"] + ([path] if place.purpose == "images" else [])
        for way in ways:
            whole[way].append(place)
            stems[stem_of(way)].append(place)
        if place.purpose == "images":
            name = path.rpartition("/")[2]
            names[name].append(place)
            bare[stem_of(name)].append(place)

    def find(self, target: str) -> tuple[int, Sequence[Place]]:
        target = _plain(target)
        stem = stem_of(target)
        keys = (target, stem) if "/" in target else (target, stem, target, stem)
        for level, key in enumerate(keys):
            if fitting := self._levels[level].get(key):
                return level, fitting
        return -1, ()


def _plain(path: str) -> str:
    """One spelling: Windows writes backslashes, macOS writes `é` as two characters."""
    return unicodedata.normalize("NFC", path.replace("\\", "/"))


@dataclass(frozen=True)
class Verdict:
    """What an image is called at this moment."""

    label: str
    age: tuple[datetime, str, str]
    """As `Label.age`."""
    source: str
    """The upload that says so: a CSV, or the image itself where its folder does."""
    line: int = 0
    split: Split | None = None
    ambiguous: bool = False
    """The newest label fits other files as well, or contradicts itself: nobody knows which is meant."""


def newest_class(matches: Sequence[Match], folder: Verdict | None) -> Verdict | None:
    """The class that counts: the newest line of a CSV (`matches`, newest first), else the folder's.

    A line that names an image below labelled/ can only mean to correct the folder: it does so whenever the
    two arrived, and however long the image took to be taken in.
    """
    if not matches:
        return folder
    first = matches[0]
    said = {
        (other.label.value, other.label.split)
        for other in matches
        if (other.label.source, other.level) == (first.label.source, first.level)
    }
    return Verdict(
        label=first.label.value or "",
        age=first.label.age,
        source=first.label.source,
        line=first.label.line,
        split=first.label.split,
        ambiguous=first.ambiguous or len(said) > 1,
    )


def fits(mask: str | None, image: str | None) -> bool:
    """Whether a mask lies where its image lies, given both geometries (`geometry_text`)."""
    if mask is None or image is None:
        return False
    one, other = json.loads(mask), json.loads(image)
    if one["shape"] != other["shape"] or (one["affine"] is None) != (other["affine"] is None):
        return False
    pairs = zip(sum(one["affine"] or [], []), sum(other["affine"] or [], []), strict=True)
    return all(abs(a - b) <= AFFINE_TOLERANCE for a, b in pairs)
