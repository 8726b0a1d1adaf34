"""Mosaics: all slices of a moment tiled into one picture.

Siemens states place and orientation of the picture as if it were one large slice around the middle of the
first; how many slices there are and which way they go stands in private elements. United Imaging states where
each tile lies, in a private sequence.
"""

from typing import Any, Final

from medloop.imaging.dicom.binary import unsigned
from medloop.imaging.dicom.csa import MARK, csa_values
from medloop.imaging.dicom.directions import orientation, position
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.private import private_tag
from medloop.imaging.dicom.protocol import slice_table
from medloop.rules.series import Vector
from medloop.rules.stacks.plan import tiles_across
from medloop.rules.stacks.vectors import cross, length, minus, plus, times

WORDS: Final = frozenset({"MOSAIC", "VFRAME"})
"""Of Image Type: Siemens' and United Imaging's."""

_MOST_SLICES: Final = 10_000

_IMAGE, _SERIES = 0x10, 0x20
"""Elements of the two CSA headers."""

_ASTRAY_MM: Final = 0.05
"""How far a tile may lie beside the line through the first and the last: headers are rounded."""

Fields = dict[str, Any]


def place_tiles(file: DicomFile, shared: Fields) -> Fields:
    """The fields of a mosaic's Frame beside those in `shared`; none where the header does not tell them.

    `position` is the centre of the first tile's first pixel.
    """
    directions = orientation(file)
    if directions is None or not shared["row_mm"]:
        return {}
    placed = _stated_tiles(file) or _centred_tiles(file, shared, directions)
    if not placed:
        return {}
    across = tiles_across(placed["mosaic"])
    if shared["columns"] % across or shared["rows"] % (placed.get("tiles_down") or across):
        return {}
    return {"along_row": directions[0], "along_column": directions[1], **placed}


def _stated_tiles(file: DicomFile) -> Fields:
    """United Imaging: the position of every tile."""
    tag = private_tag(file, 0x0065, b"Image Private Header", 0x51)
    points = [position(item) for item, _ in zip(file.items(tag), range(_MOST_SLICES), strict=False)]
    known = [point for point in points if point is not None]
    if len(known) < 2 or len(known) < len(points):
        return {}
    step = times(minus(known[-1], known[0]), 1 / (len(known) - 1))
    on_line = (plus(known[0], times(step, number)) for number in range(len(known)))
    if max(length(minus(point, place)) for point, place in zip(known, on_line, strict=True)) > _ASTRAY_MM:
        return {}
    # Siemens leaves room for a square of tiles, this vendor for no row more than it fills.
    down = -(-len(known) // tiles_across(len(known)))
    return {"position": known[0], "mosaic": len(known), "tiles_down": down, "slice_step": step}


def _centred_tiles(file: DicomFile, shared: Fields, directions: tuple[Vector, Vector]) -> Fields:
    """Siemens: the position of the whole picture, in the middle of which the first tile is to be thought."""
    corner, slices = position(file), _slices(file)
    height = shared["spacing_between_mm"] or shared["thickness_mm"]
    if corner is None or not slices or not height:
        return {}
    across, down = directions
    side = tiles_across(slices)
    rows, columns = shared["rows"] // side * shared["row_mm"], shared["columns"] // side * shared["column_mm"]
    below, right = ((side - 1) / 2 * size for size in (rows, columns))
    first = plus(corner, plus(times(across, right), times(down, below)))
    middle = plus(first, plus(times(across, columns / 2), times(down, rows / 2)))
    return {
        "position": first,
        "mosaic": slices,
        "slice_step": times(_normal(file, middle) or cross(across, down), height),
    }


def _slices(file: DicomFile) -> int:
    """How many tiles are slices; the last row may be padded with empty ones. 0 where nothing tells."""
    tag = private_tag(file, 0x0019, b"SIEMENS MR HEADER", 0x0A)
    number = unsigned(file, tag)
    if number is None:
        numbers = csa_values(_csa(file), b"NumberOfImagesInMosaic")
        number = int(numbers[0]) if numbers and numbers[0].isdecimal() else _listed(file)
    return number if number <= _MOST_SLICES else 0


def _listed(file: DicomFile) -> int:
    table = slice_table(_csa(file, _SERIES))
    return table.slices if table else 0


def _normal(file: DicomFile, middle: Vector) -> Vector | None:
    """In which direction the slices follow the one around `middle`: along the normal or against it."""
    try:
        numbers = [float(text) for text in csa_values(_csa(file), b"SliceNormalVector")]
    except ValueError:
        return None
    if len(numbers) != 3:
        table = slice_table(_csa(file, _SERIES))
        return table.normal_from(middle) if table else None
    normal = (numbers[0], numbers[1], numbers[2])
    return normal if abs(length(normal) - 1) < 0.01 else None


def _csa(file: DicomFile, element: int = _IMAGE) -> bytes:
    """Known by its own mark where a de-identifier took its creator away and left it."""
    tag = private_tag(file, 0x0029, b"SIEMENS CSA HEADER", element)
    if tag or 0x00290010 in file.elements:
        return file.content(tag)
    content = file.content(0x00291000 | element)
    return content if content.startswith(MARK) else b""
