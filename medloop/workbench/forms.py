"""In which of the forms that are understood a folder of images lies, told by what is in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from events.dataset import Split, Task
from medloop.rules.junk import is_junk
from medloop.workbench.failures import Unusable
from medloop.workbench.npz import members

FORMS: Final = """it may be one of
  DIR/<class>/…                        a folder of images for each class
  DIR/train, DIR/val, DIR/test         each of them with class folders
  DIR/images/…, DIR/labels/…           masks that are called as their images are
  DIR/images/…, DIR/labels/*.csv       with the columns file, label and maybe split; or DIR/*.csv
  DIR/manifest.jsonl, DIR/shards/*.tar what `medloop dataset export` writes
  FILE.npz, or a folder that holds it  train_images, train_labels, val_images … as MedMNIST has them"""

SIDES: Final[Mapping[str, Split]] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""What people call the folders of a split."""

_IMAGES: Final = ("images", "imagesTr")
_LABELS: Final = ("labels", "labelsTr", "masks")
"""The second of each is the Medical Segmentation Decathlon's."""

_NO_CLASSES: Final = frozenset(name.lower() for name in (*_IMAGES, *_LABELS))

_TABLES: Final = (".csv", ".tsv")


@dataclass(frozen=True)
class ClassFolders:
    """`folders` are (path, class, side or None)."""

    root: Path
    folders: tuple[tuple[Path, str, Split | None], ...]
    task: Task = "classification"
    others: tuple[str, ...] = ()
    """Names of folders beside a split's sides: nothing of them is read."""

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted({name for _, name, _ in self.folders}))


@dataclass(frozen=True)
class Masked:
    root: Path
    images: Path
    masks: Path
    task: Task = "segmentation"


@dataclass(frozen=True)
class Tabled:
    root: Path
    images: Path
    tables: tuple[Path, ...]
    task: Task | None = None
    """The tables themselves say it."""


@dataclass(frozen=True)
class Arrays:
    """MedMNIST's form."""

    file: Path
    task: Task | None = None


@dataclass(frozen=True)
class Frozen:
    root: Path
    manifest: Path
    task: Task | None = None


Form = ClassFolders | Masked | Tabled | Arrays | Frozen


def recognise(data: Path, task: Task | None = None) -> Form:
    """`task` is what was asked for; it decides only where both masks and tables lie in DIR/labels.

    Raises:
        Unusable: the folder is in none of the forms; the remedy lists them.
    """
    found = _frozen(data) or _arrays(data) or _apart(data, task) or _split(data) or _folders(data)
    if found is None:
        raise Unusable(f"{data} is in no form that is understood", FORMS)
    return found


def _frozen(data: Path) -> Form | None:
    manifest = data / "manifest.jsonl"
    return Frozen(data, manifest) if manifest.is_file() else None


def _arrays(data: Path) -> Form | None:
    files = [data] if data.is_file() else sorted(data.glob("*.npz"))
    fitting = [file for file in files if {"train_images", "train_labels"} <= members(file)]
    if len(fitting) > 1:
        raise Unusable(f"{data} holds {len(fitting)} .npz files", "give the one that is meant as --data")
    if data.is_file() and not fitting:
        raise Unusable(f"{data} is no .npz file with train_images and train_labels", FORMS)
    return Arrays(fitting[0]) if fitting else None


def _apart(data: Path, task: Task | None) -> Form | None:
    """Images in one folder, what they show in another."""
    images = next((data / name for name in _IMAGES if (data / name).is_dir()), None)
    labels = next((data / name for name in _LABELS if (data / name).is_dir()), None)
    if images is None:
        return None
    if labels is None:
        beside = tuple(path for path in sorted(data.iterdir()) if path.suffix.lower() in _TABLES)
        return Tabled(data, images, beside) if beside else None
    files = [path for path in sorted(labels.rglob("*")) if path.is_file() and not is_junk(str(path))]
    tables = tuple(path for path in files if path.suffix.lower() in _TABLES)
    if task == "segmentation" or not tables:
        return Masked(data, images, labels)
    if len(tables) < len(files) and task is None:
        raise Unusable(f"{labels} holds tables and other files", "say with --task whether masks are meant")
    return Tabled(data, images, tables)


def _split(data: Path) -> Form | None:
    folders = _subfolders(data)
    sides = {path: SIDES[path.name.lower()] for path in folders if path.name.lower() in SIDES}
    if "train" not in sides.values() and (not sides or len(sides) < len(folders)):
        return None
    held = [(path, path.name, side) for top, side in sides.items() for path in _subfolders(top)]
    if "train" not in sides.values() or len({name for _, name, _ in held}) < 2:
        raise Unusable(f"{data} is split, but not into class folders", FORMS)
    return _of_classes(data, held, tuple(path.name for path in folders if path not in sides))


def _folders(data: Path) -> Form | None:
    folders = _subfolders(data)
    if len(folders) == 1 and folders[0].name.lower() not in _NO_CLASSES:
        problem = f"{data} holds one folder alone, {folders[0].name}"
        raise Unusable(problem, "classes are two folders or more; or give that folder as --data")
    return _of_classes(data, [(path, path.name, None) for path in folders]) if folders else None


def _of_classes(
    data: Path, folders: Sequence[tuple[Path, str, Split | None]], others: tuple[str, ...] = ()
) -> Form:
    """Raises Unusable: a folder is called as those of other forms are, and no class."""
    for path, name, _ in folders:
        if name.lower() in _NO_CLASSES:
            raise Unusable(f"{path} is no class, and what belongs to it is missing or elsewhere", FORMS)
    return ClassFolders(data, tuple(folders), others=others)


def _subfolders(folder: Path) -> list[Path]:
    """Not the hidden ones: version control and operating systems keep theirs so."""
    if not folder.is_dir():
        return []
    return [
        path
        for path in sorted(folder.iterdir())
        if path.is_dir() and not path.name.startswith(".") and not is_junk(str(path))
    ]
