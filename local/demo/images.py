"""Which images the demo uploads, and which it keeps aside to predict."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

from local.samples import TRUTH, write_bad_files, write_samples

PER_CLASS = 60
KEPT_ASIDE = 0.1
"""Share of each class that the model never sees."""
MOST_KEPT_ASIDE = 20


class NoImages(ValueError):
    """The data folder cannot be used; the text says why."""


@dataclass(frozen=True)
class DemoImages:
    classes: tuple[str, ...]
    labelled: list[tuple[str, Path]]
    """(class, file)"""
    unseen: list[tuple[str, Path]]
    """(true class, file): the class is only for checking the answers."""
    bad: list[Path]


def generated(folder: Path, seed: int) -> DemoImages:
    """Clearly synthetic DICOM and PNG, and a few files that have to be refused."""
    write_samples(folder, PER_CLASS, seed)
    write_bad_files(folder / "bad")
    labelled = [(file.parent.name, file) for file in sorted((folder / "labelled").glob("*/*"))]
    truth: dict[str, str] = json.loads((folder / TRUTH).read_text())
    unseen = [(label, folder / "predict" / name) for name, label in truth.items()]
    bad = sorted(file for file in (folder / "bad").rglob("*") if file.is_file())
    return DemoImages(tuple(sorted(set(truth.values()))), labelled, unseen, bad)


def chosen(data: Path, limit: int | None, seed: int) -> DemoImages:
    """At most `limit` images of each class folder under `data`, the same ones every time.

    Raises:
        NoImages: there are fewer than two class folders with images.
    """
    if not data.is_dir():
        raise NoImages(f"{data} is no folder")
    folders = sorted(f for f in data.iterdir() if f.is_dir() and not f.name.startswith("."))
    labelled: list[tuple[str, Path]] = []
    unseen: list[tuple[str, Path]] = []
    for folder in folders:
        files = some_files(folder, limit, seed)
        aside = min(MOST_KEPT_ASIDE, max(1, round(len(files) * KEPT_ASIDE))) if files else 0
        unseen += [(folder.name, file) for file in files[:aside]]
        labelled += [(folder.name, file) for file in files[aside:]]
    classes = tuple(sorted({label for label, _ in labelled}))
    if len(classes) < 2:
        raise NoImages(f"{data} needs at least two folders, one per class, with images in them")
    return DemoImages(classes, labelled, unseen, [])


def some_files(folder: Path, limit: int | None, seed: int) -> list[Path]:
    files = sorted(f for f in folder.rglob("*") if f.is_file() and not f.name.startswith("."))
    random.Random(f"{seed} {folder.name}").shuffle(files)
    return files[:limit]
