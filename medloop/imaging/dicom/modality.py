"""From stored values to modality units, bright = high: modality LUT or rescale, then MONOCHROME1."""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.header import Header
from medloop.imaging.dicom.lookup import lookup_table
from medloop.rules.reasons import Reason, Refused

_LUT_SEQUENCE, _LUT_DESCRIPTOR, _LUT_DATA = 0x00283000, 0x00283002, 0x00283006
_INTERCEPT, _SLOPE = 0x00281052, 0x00281053
_SHARED, _PER_FRAME, _TRANSFORMATION = 0x52009229, 0x52009230, 0x00289145
_TRANSFORMATION_BYTES: Final = {False: b"\x28\x00\x45\x91", True: b"\x00\x28\x91\x45"}

Transform = Callable[[NDArray[Any], NDArray[np.float32]], None]
"""Writes a frame's modality values, given its stored ones, into the second array."""

Line = tuple[float, float]
"""Slope and intercept."""


def modality_transforms(file: DicomFile, header: Header) -> list[Transform]:
    """One per frame, by the frame's own rescale where it has one.

    Raises:
        Refused: BAD_HEADER for a slope, an intercept or a table that is none.
    """
    for item in file.items(_LUT_SEQUENCE):
        if item.raw(_LUT_DESCRIPTOR) or item.raw(_LUT_DATA):  # some writers leave an empty shell
            return [_looked_up(item, header)] * header.frames
    return [_rescaled(line, header) for line in _lines(file, header.frames)]


def states_rescale(file: DicomFile) -> bool:
    """Whether the values have been given a unit: by a slope or a table, for all or for single frames."""
    top = file.raw(_SLOPE) or file.raw(_LUT_SEQUENCE)
    return bool(top) or _has_transformations(file, _SHARED) or _has_transformations(file, _PER_FRAME)


def _lines(file: DicomFile, frames: int) -> list[Line]:
    """At the top, or in enhanced objects for all frames or each (PS3.3 C.7.6.16.2.9); the nearest counts."""
    lines = [_line(file)] * frames
    if _has_transformations(file, _SHARED):
        for item in file.items(_SHARED):
            lines = [_line_of_item(item) or lines[0]] * frames
    if _has_transformations(file, _PER_FRAME):
        items = zip(file.items(_PER_FRAME), lines, strict=False)
        own = [_line_of_item(item) or line for item, line in items]
        lines[: len(own)] = own
    return lines


def _has_transformations(file: DicomFile, groups: int) -> bool:
    """A look at the bytes before thousands of items are taken apart for nothing."""
    sequence = file.elements.get(groups)
    wanted = _TRANSFORMATION_BYTES[file.encoding.big]
    return sequence is not None and file.data.find(wanted, sequence.start, sequence.end) >= 0


def _line_of_item(item: DataSet) -> Line | None:
    for transformation in item.items(_TRANSFORMATION):
        return _line(transformation)
    return None


def _line(dataset: DataSet) -> Line:
    slope, intercept = _decimal(dataset, _SLOPE, 1.0), _decimal(dataset, _INTERCEPT, 0.0)
    if slope == 0.0 or not math.isfinite(slope):
        raise Refused(Reason.BAD_HEADER, {"field": "RescaleSlope"})
    if math.isnan(intercept):
        raise Refused(Reason.BAD_HEADER, {"field": "RescaleIntercept"})
    return slope, intercept


def _decimal(dataset: DataSet, tag: int, missing: float) -> float:
    text = dataset.word(tag)
    try:
        return float(text) if text else missing
    except ValueError:
        return math.nan


def _rescaled(line: Line, header: Header) -> Transform:
    slope, intercept = line
    if header.photometric == "MONOCHROME1":
        # Mirrored in the range that the stored bits can hold, not in this picture's own: the same
        # exposure must stay the same value from one picture to the next.
        intercept = slope * sum(header.stored_range) + intercept
        slope = -slope

    def transform(stored: NDArray[Any], values: NDArray[np.float32]) -> None:
        values[...] = stored
        if slope != 1.0:
            values *= np.float32(slope)
        if intercept != 0.0:
            values += np.float32(intercept)

    return transform


def _looked_up(item: DataSet, header: Header) -> Transform:
    descriptor, content = item.content(_LUT_DESCRIPTOR), item.content(_LUT_DATA)
    table, first = lookup_table(descriptor, content, item.encoding.big, header.signed)
    entries = table.astype(np.float32)
    if header.photometric == "MONOCHROME1":
        entries = entries.min() + entries.max() - entries

    def transform(stored: NDArray[Any], values: NDArray[np.float32]) -> None:
        places = np.clip(stored.astype(np.int64) - first, 0, len(entries) - 1)
        np.take(entries, places, out=values)

    return transform
