"""One .npz file in the form of MedMNIST: images and labels of the three sides."""

import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from events.dataset import Split, Task
from medloop.imaging.picture import Volume
from medloop.imaging.volumes import encode_volume
from medloop.rules.intake import image_id
from medloop.rules.reasons import Reason
from medloop.workbench.collection import Collection
from medloop.workbench.encoding import PICTURE, VOLUME, encode_picture
from medloop.workbench.example import Example, LeftOut, Stored
from medloop.workbench.failures import Unusable
from medloop.workbench.folders import class_name
from medloop.workbench.forms import Arrays
from medloop.workbench.spool import Spool
from medloop.workbench.taking import Workplace

SIDES: Final[dict[str, Split]] = {"train": "train", "val": "validation", "test": "test"}

_COLOURS: Final = 3


def read_arrays(form: Arrays, asked: Task | None, where: Workplace) -> Collection:
    """Raises Unusable: an array is missing, or shaped otherwise."""
    sides = {name: side for name, side in SIDES.items() if name in _names(form.file)}
    labels = {name: _array(form.file, f"{name}_labels") for name in sides}
    task = _task(labels) if asked is None else asked
    classes = _classes(form, labels, task)
    examples: list[Example] = []
    left: list[LeftOut] = []
    with Spool(where.spool, "arrays") as spool:
        for name, side in sides.items():
            images = _array(form.file, f"{name}_images")
            _check(images, labels[name], name)
            for number, image in enumerate(images):
                path = f"{name}_images[{number}]"
                if not np.isfinite(image).all():
                    left.append(LeftOut(path, Reason.NON_FINITE.value))
                    continue
                stored = _stored(image, path, spool)
                said = _said(labels[name][number], classes, task)
                examples.append(Example(stored, said, side))
                if number % 100 == 99 or number == len(images) - 1:
                    where.progress(f"reading {name}", number + 1, len(images))
    return Collection(task, classes, examples, left)


def _names(file: Path) -> set[str]:
    """The sides that the file has images of."""
    with np.load(file, allow_pickle=False) as arrays:
        return {name.removesuffix("_images") for name in arrays if name.endswith("_images")}


def _array(file: Path, name: str) -> NDArray[Any]:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            found: NDArray[Any] = arrays[name]
    except (KeyError, ValueError, OSError, EOFError):
        raise Unusable(f"{name} of {file.name} cannot be read", "fetch the file again") from None
    if found.dtype.kind not in "biuf":
        raise Unusable(f"{name} of {file.name} holds no numbers", "fetch the file again")
    return found


def _check(images: NDArray[Any], labels: NDArray[Any], name: str) -> None:
    if images.ndim not in (3, 4, 5) or len(images) != len(labels) or 0 in images.shape:
        shapes = f"{images.shape} and {labels.shape}"
        raise Unusable(
            f"{name}_images and {name}_labels are shaped {shapes}", "each image has one row of labels"
        )


def _task(labels: dict[str, NDArray[Any]]) -> Task:
    return "multilabel" if labels["train"].ndim > 1 and labels["train"].shape[1] > 1 else "classification"


def _classes(form: Arrays, labels: dict[str, NDArray[Any]], task: Task) -> tuple[str, ...]:
    first = labels["train"]
    several = first.ndim > 1 and first.shape[1] > 1
    if task == "segmentation" or several != (task == "multilabel"):
        raise Unusable(f"the labels of {form.file.name} are not those of a {task}", "leave --task away")
    if several:
        count = int(first.shape[1])
    else:
        count = max(int(side.max()) for side in labels.values() if side.size) + 1
    file = form.file.parent / "classes.txt"
    if not file.is_file():
        return tuple(f"class {number}" for number in range(count))
    names = tuple(
        class_name(line.strip()) for line in file.read_text("utf-8-sig").splitlines() if line.strip()
    )
    if len(names) != count or len(set(names)) < count:
        raise Unusable(f"classes.txt has {len(names)} lines for {count} classes", "write one name a line")
    return names


def _said(row: NDArray[Any], classes: tuple[str, ...], task: Task) -> tuple[str, ...]:
    if task == "multilabel":
        return tuple(name for name, has in zip(classes, row, strict=True) if has)
    return (classes[int(row.reshape(-1)[0])],)


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
