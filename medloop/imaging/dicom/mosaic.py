"""Siemens mosaics: all slices of a moment tiled into one picture.

The header states place and orientation of the picture as if it were one large slice around the middle of the
first; how many slices there are and which way they go stands in private elements.
"""

from typing import Any, Final

from medloop.imaging.dicom.binary import unsigned
from medloop.imaging.dicom.csa import csa_values
from medloop.imaging.dicom.directions import orientation, position
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.private import private_tag
from medloop.rules.series import Vector
from medloop.rules.stacks.plan import tiles_across
from medloop.rules.stacks.vectors import cross, length, plus, times

_MOST_SLICES: Final = 10_000


def place_tiles(file: DicomFile, shared: dict[str, Any]) -> dict[str, Any]:
    """The fields of a mosaic's Frame beside those in `shared`; none where the header does not tell them.

    `position` is the centre of the first tile's first pixel.
    """
    directions, corner = orientation(file), position(file)
    slices, height = _slices(file), shared["spacing_between_mm"] or shared["thickness_mm"]
    if directions is None or corner is None or not slices or not height or not shared["row_mm"]:
        return {}
    across, down = directions
    side = tiles_across(slices)
    if shared["rows"] % side or shared["columns"] % side:
        return {}
    right = (shared["columns"] - shared["columns"] // side) / 2 * shared["column_mm"]
    below = (shared["rows"] - shared["rows"] // side) / 2 * shared["row_mm"]
    return {
        "position": plus(corner, plus(times(across, right), times(down, below))),
        "along_row": across,
        "along_column": down,
        "mosaic": slices,
        "slice_step": times(_normal(file) or cross(across, down), height),
    }


def _slices(file: DicomFile) -> int:
    """How many tiles are slices; the last row may be padded with empty ones. 0 where nothing tells."""
    tag = private_tag(file, 0x0019, b"SIEMENS MR HEADER", 0x0A)
    number = unsigned(file, tag)
    if number is None:
        numbers = csa_values(_csa(file), b"NumberOfImagesInMosaic")
        number = int(numbers[0]) if numbers and numbers[0].isdecimal() else 0
    return number if number <= _MOST_SLICES else 0


def _normal(file: DicomFile) -> Vector | None:
    """In which direction the slices are numbered: along the normal or against it."""
    try:
        numbers = [float(text) for text in csa_values(_csa(file), b"SliceNormalVector")]
    except ValueError:
        return None
    if len(numbers) != 3:
        return None
    normal = (numbers[0], numbers[1], numbers[2])
    return normal if abs(length(normal) - 1) < 0.01 else None


def _csa(file: DicomFile) -> bytes:
    return file.content(private_tag(file, 0x0029, b"SIEMENS CSA HEADER", 0x10))
