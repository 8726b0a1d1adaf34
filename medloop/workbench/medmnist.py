"""One .npz file in the form of MedMNIST: images and labels of the three sides."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from events.dataset import Split, Task
from medloop.imaging.picture import Volume
from medloop.imaging.volumes import encode_volume
from medloop.rules.intake import image_id
from medloop.rules.reasons import Reason
from medloop.workbench.classes import class_names
from medloop.workbench.collection import Collection
from medloop.workbench.encoding import PICTURE, VOLUME, encode_picture
from medloop.workbench.example import Example, LeftOut, Stored
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Arrays
from medloop.workbench.npz import members, read_numbers
from medloop.workbench.spool import Spool
from medloop.workbench.taking import Workplace

SIDES: Final[dict[str, Split]] = {"train": "train", "val": "validation", "test": "test"}

_COLOURS: Final = 3

_SHORTEST: Final = 5
"""Pixels: an axis as short as that is one of colours, in the wrong place."""

_TOLD_EVERY: Final = 100


@dataclass(frozen=True)
class Labels:
    """Of every side, in rows of as many numbers: a class's, or of each class whether it is there."""

    file: str
    rows: dict[str, NDArray[Any]]

    @property
    def several(self) -> bool:
        return bool(self.rows["train"].shape[1] > 1)

    @property
    def count(self) -> int:
        """Of classes."""
        if self.several:
            return int(self.rows["train"].shape[1])
        return int(max(side.max() for side in self.rows.values() if side.size)) + 1


def read_arrays(form: Arrays, asked: Task | None, where: Workplace) -> Collection:
    """Raises Unusable: an array is missing, or shaped otherwise."""
    present = members(form.file)
    sides = {name: side for name, side in SIDES.items() if f"{name}_images" in present}
    labels = read_labels(form, list(sides))
    task = _task(labels, asked)
    classes = _classes(form, labels)
    examples: list[Example] = []
    left: list[LeftOut] = []
    with Spool(where.spool, "arrays") as spool:
        for name, side in sides.items():
            for number, path, image in _images(form, name, len(labels.rows[name]), where):
                if np.isfinite(image).all():
                    said = _said(labels.rows[name][number], classes, labels.several)
                    examples.append(Example(_stored(image, path, spool), said, side))
                else:
                    left.append(LeftOut(path, Reason.NON_FINITE.value))
    return Collection(task, classes, examples, left)


def read_labels(form: Arrays, sides: list[str]) -> Labels:
    """Raises Unusable: they are no classes' numbers, or not as many of each image."""
    rows = {}
    for name in sides:
        found = read_numbers(form.file, f"{name}_labels")
        if found.ndim not in (1, 2) or 0 in found.shape:
            raise Unusable(
                f"{name}_labels of {form.file.name} are shaped {found.shape}",
                "each image has a row of labels",
            )
        rows[name] = found.reshape(len(found), -1)
    _check_numbers(form, rows)
    return Labels(form.file.name, rows)


def _check_numbers(form: Arrays, rows: dict[str, NDArray[Any]]) -> None:
    file, train = form.file.name, rows["train"]
    if len({side.shape[1] for side in rows.values()}) > 1:
        raise Unusable(f"the sides of {file} have labels for different classes", "fetch the file again")
    if not all(np.isfinite(side).all() and (side == abs(np.rint(side))).all() for side in rows.values()):
        raise Unusable(f"labels of {file} are no whole numbers from 0 on", "classes are numbered 0, 1, 2 …")
    highest = int(max(side.max() for side in rows.values()))
    if train.shape[1] > 1 and highest > 1:
        raise Unusable(f"labels of {file} go up to {highest}", "a class is there, 1, or is not, 0")
    if highest >= len(train):
        problem = f"labels of {file} go up to {highest}, and there are {len(train)} training images"
        raise Unusable(problem, "classes are numbered 0, 1, 2 …, and each has training images")


def _task(labels: Labels, asked: Task | None) -> Task:
    told: Task = "multilabel" if labels.several else "classification"
    if asked not in (None, told):
        raise Unusable(f"the labels of {labels.file} are for {told}, not {asked}", "leave --task away")
    return told


def _classes(form: Arrays, labels: Labels) -> tuple[str, ...]:
    file = form.file.parent / "classes.txt"
    if not file.is_file():
        return tuple(f"class {number}" for number in range(labels.count))
    names = class_names(file)
    if len(names) != labels.count:
        raise Unusable(f"{file} has {len(names)} lines for {labels.count} classes", "write one name a line")
    return names


def _images(form: Arrays, name: str, count: int, where: Workplace) -> Iterator[tuple[int, str, NDArray[Any]]]:
    images = read_numbers(form.file, f"{name}_images")
    check_shape(images, f"{name}_images of {form.file.name}", count)
    for number, image in enumerate(images):
        yield number, f"{name}_images[{number}]", image
        if number % _TOLD_EVERY == _TOLD_EVERY - 1 or number == count - 1:
            where.progress(f"reading {name}", number + 1, count)


def check_shape(images: NDArray[Any], name: str, labels: int) -> None:
    """Raises Unusable: they are neither pictures nor volumes, or not as many as there are labels."""
    if images.ndim < 1 or len(images) != labels:
        raise Unusable(f"{len(images)} {name} have {labels} labels", "each image has one row of labels")
    own = images.shape[1:-1] if images.shape[-1] in (1, _COLOURS) else images.shape[1:]
    if len(own) not in (2, 3) or min(own) < _SHORTEST:
        raise Unusable(
            f"{name} are shaped {images.shape}",
            "pictures are rows, columns and maybe three colours; volumes slices, rows, columns",
        )


def _said(row: NDArray[Any], classes: tuple[str, ...], several: bool) -> tuple[str, ...]:
    if several:
        return tuple(name for name, has in zip(classes, row, strict=True) if has)
    return (classes[int(row[0])],)


def _stored(image: NDArray[Any], path: str, spool: Spool) -> Stored:
    ending, content = _encoded(image)
    digest = hashlib.sha256(content).hexdigest()
    return Stored(image_id("", path, digest), path, spool.keep(content), ending, digest, digest)


def _encoded(image: NDArray[Any]) -> tuple[str, bytes]:
    """HxW, HxWx1 and HxWx3 are pictures; DxHxW, with or without a fourth axis of one or three, volumes."""
    if image.ndim > 2 and image.shape[-1] == 1:
        image = image[..., 0]
    is_colour = image.ndim > 2 and image.shape[-1] == _COLOURS
    if image.ndim - is_colour == 2:
        return PICTURE, encode_picture(_plain(image))
    # NIfTI counts columns first; a cube of one millimetre is all that is known of the place.
    values = np.moveaxis(image, (0, 1, 2), (2, 1, 0)).astype(np.float32)
    return VOLUME, encode_volume(Volume(values, np.eye(4), {"channels": _COLOURS if is_colour else 1}))


def _plain(image: NDArray[Any]) -> NDArray[Any]:
    """A type of number that a job reads."""
    if image.dtype.kind == "b":
        return image.astype(np.uint8)
    return image.astype(np.float32) if image.dtype == np.float16 else image
