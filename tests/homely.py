"""Generated folders of images, in the forms that `medloop train --here` takes."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.workbench.taking import Workplace
from tests.images import png


def picture(number: int, side: int = 16) -> NDArray[np.uint8]:
    """Another one for each number."""
    return np.random.default_rng(number).integers(0, 255, (side, side), dtype=np.uint8)


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def pictures(folder: Path, count: int, start: int = 0) -> list[Path]:
    return [write(folder / f"{number}.png", png(picture(start + number))) for number in range(count)]


def classes(root: Path, names: Sequence[str], each: int = 5) -> Path:
    """Class folders; no two pictures are alike."""
    for place, name in enumerate(names):
        pictures(root / name, each, 1000 * place)
    return root


def masked(root: Path, count: int, values: Iterable[int] = (0, 1, 2)) -> Path:
    """images/ and labels/; every mask has all the values, in stripes."""
    pictures(root / "images", count)
    stripes = np.resize(np.array(list(values), np.uint8), (16, 16))
    for number in range(count):
        write(root / "labels" / f"{number}.png", png(stripes))
    return root


def tabled(root: Path, table: str, count: int = 6) -> Path:
    """images/0.png … and labels/table.csv."""
    pictures(root / "images", count)
    write(root / "labels" / "table.csv", table)
    return root


def arrays(count: int = 12, shape: tuple[int, ...] = (28, 28), classes: int = 3) -> dict[str, NDArray[Any]]:
    """What an .npz file in the form of MedMNIST holds."""
    random = np.random.default_rng(0)
    made: dict[str, NDArray[Any]] = {}
    for side in ("train", "val", "test"):
        made[f"{side}_images"] = random.integers(0, 255, (count, *shape), dtype=np.uint8)
        made[f"{side}_labels"] = (np.arange(count) % classes)[:, None].astype(np.uint8)
    return made


def npz(path: Path, **made: NDArray[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, allow_pickle=True, **made)
    return path


def workplace(root: Path, spool: Path) -> Workplace:
    return Workplace("chest", root, spool, processes=1)
