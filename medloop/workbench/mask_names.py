"""Masks that lie among or beside images and say what they are: scan_mask.png, case_2_seg.nii.gz, masks/…"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from medloop.rules.matching import stem_of

_ENDING: Final = re.compile(
    r"[-_. ](mask|masks|seg|segmentation|label|labels|gt|groundtruth)([-_ ]\d+)?$", re.IGNORECASE
)

_IMAGES: Final = frozenset({"images", "image", "imgs"})
_MASKS: Final = frozenset({"masks", "mask", "labels", "segmentations"})


def without_ending(path: str) -> str:
    """What the image of such a mask is called: `a/scan_mask.png` → `a/scan.png`; others stay as they are."""
    stem = stem_of(path)
    plain = _ENDING.sub("", stem)
    return path if plain.rpartition("/")[2] == "" else plain + path[len(stem) :]


def masks_among(files: Sequence[Path], folder: Path) -> frozenset[Path]:
    """Those of a class folder's files that are no images of the class but say what one of them shows.

    A mask is told by the image that it belongs to: `scan_mask.png` beside `scan.png`, or a folder of masks
    beside one of images.
    """
    stems = {(file.parent, stem_of(file.name)) for file in files}
    beside = _folders_of_masks(files, folder)
    return frozenset(
        file
        for file in files
        if beside.intersection(file.parents) or _has_image(file.parent, file.name, stems)
    )


def _has_image(place: Path, name: str, stems: set[tuple[Path, str]]) -> bool:
    plain = without_ending(name)
    return plain != name and (place, stem_of(plain)) in stems


def _folders_of_masks(files: Iterable[Path], folder: Path) -> set[Path]:
    """Within the class folder, whose own name is the class's."""
    inner = {parent for file in files for parent in file.parents if folder in parent.parents}
    with_images = {one.parent for one in inner if one.name.lower() in _IMAGES}
    return {one for one in inner if one.name.lower() in _MASKS and one.parent in with_images}
