"""The segmentation demo's images: volumes with their masks, made here or picked from a folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from local.demo.images import DemoImages, NoImages, Unseen, bad_files, kept_aside, some_files
from medloop.imaging.picture import Picture, Volume
from medloop.imaging.read import read_image
from medloop.imaging.volumes.encoding import encode_volume
from medloop.rules.reasons import Refused
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Masked, recognise
from medloop.workbench.structures import name_structures, written_names

STRUCTURES = ("core", "shell")
CASES, UNSEEN = 40, 8
SIDE = 40
"""Voxels, of 1 x 1 x 1.5 mm."""


def generated_volumes(folder: Path, seed: int) -> DemoImages:
    """Lumps with a core and a shell in noise, their masks, and files that have to be refused."""
    random = np.random.default_rng(seed)
    names = [f"case-{number:03d}.nii.gz" for number in range(CASES + UNSEEN)]
    for name in names:
        _write(folder, name, *lump(random))
    labelled = [place for name in names[:CASES] for place in _pair(folder, name)]
    unseen = [Unseen(folder / "images" / name, mask=folder / "labels" / name) for name in names[CASES:]]
    return DemoImages("segmentation", 3, STRUCTURES, labelled, unseen, bad_files(folder, "images/bad"))


def lump(random: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """An uneven, noisy volume with an ellipsoid somewhere, and its mask: 1 for the core, 2 for the shell.

    Contrast, size and place vary more than core and shell differ: no single value tells them apart.
    """
    radii = random.uniform(7, 11, 3)
    centre = random.uniform(14, SIDE - 14, 3)
    places = np.indices((SIDE,) * 3) - centre.reshape(3, 1, 1, 1)
    reach = np.sqrt(((places / radii.reshape(3, 1, 1, 1)) ** 2).sum(0))
    mask = np.where(reach < 0.55, 1, np.where(reach < 1, 2, 0)).astype(np.uint8)
    slope = random.uniform(-1, 1, 3).reshape(3, 1, 1, 1)
    ground = 300 + 3 * (places * slope).sum(0) + random.normal(0, random.uniform(15, 35), mask.shape)
    values = ground + random.uniform(120, 300) * np.choose(mask, (0.0, 0.55, 1.0))
    return values.astype(np.float32), mask


def _write(folder: Path, name: str, values: NDArray[np.float32], mask: NDArray[np.uint8]) -> None:
    affine = np.diag([1.0, 1.0, 1.5, 1.0])
    for kind, array in (("images", values), ("labels", mask.astype(np.float32))):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / name).write_bytes(encode_volume(Volume(array, affine, {})))


def _pair(folder: Path, name: str) -> list[tuple[str, Path]]:
    return [(f"{kind}/{name}", folder / kind / name) for kind in ("images", "labels")]


def chosen_volumes(data: Path, limit: int | None, seed: int) -> DemoImages:
    """At most `limit` images of a folder with images/ and labels/, the same ones every time.

    Raises:
        NoImages: there are no pairs of an image and a mask of the same name, or none shows a structure.
    """
    try:
        form = recognise(data, "segmentation")
    except Unusable:
        form = None
    if not isinstance(form, Masked):
        raise NoImages(f"{data} needs the folders images and labels, a mask called as its image")
    files = [file for file in some_files(form.images, None, seed) if (form.masks / file.name).is_file()]
    files = files[:limit]
    if len(files) < 2:
        raise NoImages(f"{data} has fewer than two images with a mask of their name")
    aside = kept_aside(len(files))
    labelled = [
        place
        for file in files[aside:]
        for place in ((f"images/{file.name}", file), (f"labels/{file.name}", form.masks / file.name))
    ]
    unseen = [Unseen(file, mask=form.masks / file.name) for file in files[:aside]]
    masks = [form.masks / file.name for file in files]
    return DemoImages("segmentation", dims_of(files[0]), names_of(form.root, masks), labelled, unseen, [])


def dims_of(file: Path) -> Literal[2, 3]:
    return 3 if isinstance(_read(file), Volume) else 2


def names_of(root: Path, masks: Iterable[Path]) -> tuple[str, ...]:
    present = {int(value) for mask in masks for value in np.unique(_read(mask).values)} - {0}
    try:
        structures = name_structures(present, written_names(root))
    except Unusable as error:
        raise NoImages(error.problem) from error
    if structures.values:
        raise NoImages("the masks' values are not 1, 2, 3, … in this order")
    return structures.names


def _read(file: Path) -> Picture | Volume:
    try:
        return read_image(file.read_bytes())
    except Refused as error:
        raise NoImages(f"{file.name} cannot be read: {error.reason.name.lower()}") from error
