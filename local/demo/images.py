"""Which images the demo uploads, and which it keeps aside to predict."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local.samples import TRUTH, write_bad_files, write_samples

PER_CLASS = 60
KEPT_ASIDE = 0.1
"""Share of each class that the model never sees."""
MOST_KEPT_ASIDE = 20

DemoTask = Literal["classification", "segmentation"]


class NoImages(ValueError):
    """The data folder cannot be used; the text says why."""


@dataclass(frozen=True)
class Unseen:
    """An image that is only predicted; what it shows is known for checking the answer."""

    file: Path
    label: str = ""
    mask: Path | None = None


@dataclass(frozen=True)
class DemoImages:
    task: DemoTask
    spatial_dims: Literal[2, 3]
    classes: tuple[str, ...]
    labelled: list[tuple[str, Path]]
    """(place below the project's folder in the bucket, file); masks and their images as well."""
    unseen: list[Unseen]
    bad: list[tuple[str, Path]]
    """Likewise."""


def generated(folder: Path, seed: int) -> DemoImages:
    """Clearly synthetic DICOM and PNG, and a few files that have to be refused."""
    write_samples(folder, PER_CLASS, seed)
    labelled = [(file.parent.name, file) for file in sorted((folder / "labelled").glob("*/*"))]
    truth: dict[str, str] = json.loads((folder / TRUTH).read_text())
    unseen = [Unseen(folder / "predict" / name, label) for name, label in truth.items()]
    classes = tuple(sorted(set(truth.values())))
    bad = bad_files(folder, f"labelled/{classes[0]}/bad")
    return DemoImages("classification", 2, classes, places(labelled), unseen, bad)


def bad_files(folder: Path, place: str) -> list[tuple[str, Path]]:
    write_bad_files(folder / "bad")
    files = sorted(file for file in (folder / "bad").rglob("*") if file.is_file())
    return [(f"{place}/{file.name}", file) for file in files]


def places(labelled: list[tuple[str, Path]]) -> list[tuple[str, Path]]:
    return [(f"labelled/{label}/{file.name}", file) for label, file in labelled]


def chosen(data: Path, limit: int | None, seed: int) -> DemoImages:
    """At most `limit` images of each class folder under `data`, the same ones every time.

    Raises:
        NoImages: there are fewer than two class folders with images.
    """
    if not data.is_dir():
        raise NoImages(f"{data} is no folder")
    folders = sorted(f for f in data.iterdir() if f.is_dir() and not f.name.startswith("."))
    labelled: list[tuple[str, Path]] = []
    unseen: list[Unseen] = []
    for folder in folders:
        files = some_files(folder, limit, seed)
        aside = kept_aside(len(files)) if files else 0
        unseen += [Unseen(file, folder.name) for file in files[:aside]]
        labelled += [(folder.name, file) for file in files[aside:]]
    classes = tuple(sorted({label for label, _ in labelled}))
    if len(classes) < 2:
        raise NoImages(f"{data} needs at least two folders, one per class, with images in them")
    return DemoImages("classification", 2, classes, places(labelled), unseen, [])


def kept_aside(count: int) -> int:
    return min(MOST_KEPT_ASIDE, max(1, round(count * KEPT_ASIDE)))


def some_files(folder: Path, limit: int | None, seed: int) -> list[Path]:
    files = sorted(f for f in folder.rglob("*") if f.is_file() and not f.name.startswith("."))
    random.Random(f"{seed} {folder.name}").shuffle(files)
    return files[:limit]
