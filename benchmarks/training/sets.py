"""The data of each comparison, dealt once: every arm gets the same files on the same sides."""

import random
import shutil
import tarfile
from pathlib import Path

from medloop.workbench.tree import Tree
from training.data.channel import stream_files
from training.data.manifest import read_manifest

Sides = dict[str, list[tuple[str, str]]]
"""(image, mask) of each side."""

SHARES = (("train", 0.8), ("val", 0.1), ("test", 0.1))
SEED = 0
ARCHIVE = "mednist_more.tar.xz"


def mednist(data: Path, folder: Path, per_class: int | None) -> Path:
    """DIR/train|val|test/<class>/*.jpeg out of `data`/mednist and the archive beside it, 80/10/10."""
    made = folder / "mednist"
    if (made / "complete").exists():
        return made
    shutil.rmtree(made, ignore_errors=True)
    for kind, files in _images(data, folder / "unpacked").items():
        random.Random(f"{SEED} {kind}").shuffle(files)
        _deal(files[:per_class], made, kind)
    shutil.rmtree(folder / "unpacked", ignore_errors=True)
    (made / "complete").touch()
    return made


def _images(data: Path, unpacked: Path) -> dict[str, list[Path]]:
    if (data / ARCHIVE).is_file():
        with tarfile.open(data / ARCHIVE) as archive:
            archive.extractall(unpacked, filter="data")
    found: dict[str, dict[str, Path]] = {}
    for file in [*sorted(data.glob("mednist/*/*.jpeg")), *sorted(unpacked.glob("*/*/*.jpeg"))]:
        found.setdefault(file.parent.name, {})[file.name] = file
    if not found:
        raise SystemExit(f"{data} holds no mednist/<class>/*.jpeg")
    return {kind: [files[name] for name in sorted(files)] for kind, files in sorted(found.items())}


def _deal(files: list[Path], made: Path, kind: str) -> None:
    start = 0.0
    for side, share in SHARES:
        target = made / side / kind
        target.mkdir(parents=True)
        for file in files[round(start * len(files)) : round((start + share) * len(files))]:
            shutil.copyfile(file, target / file.name)
        start += share


def unpacked(tree: Tree, folder: Path) -> Sides:
    """The images and masks of prepared data as files: another arm has the same ones on the same sides."""
    sides: Sides = {"train": [], "validation": [], "test": []}
    folder.mkdir(parents=True, exist_ok=True)
    for files in stream_files(read_manifest(tree.manifest), tree.images):
        image, mask = (folder / f"{files.sample.image}{ending}.nii.gz" for ending in ("", ".mask"))
        assert files.mask is not None
        image.write_bytes(files.array)
        mask.write_bytes(files.mask)
        sides[files.sample.split].append((str(image), str(mask)))
    return {side: sorted(pairs) for side, pairs in sides.items()}
