"""From stored values to modality units, bright = high: modality LUT or rescale, then MONOCHROME1."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.colour import lookup_table
from medloop.imaging.dicom.elements import ITEM_GROUPS, read_elements
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.header import Header
from medloop.rules.reasons import Reason, Refused

_LUT_SEQUENCE, _LUT_DESCRIPTOR, _LUT_DATA = 0x00283000, 0x00283002, 0x00283006
_INTERCEPT, _SLOPE = 0x00281052, 0x00281053
_ITEM_START: Final = 8


def to_modality(stored: NDArray[Any], file: DicomFile, header: Header) -> NDArray[np.float32]:
    """Raises Refused: BAD_HEADER for a slope, an intercept or a table that is none."""
    if _LUT_SEQUENCE in file.elements and file.raw(_LUT_SEQUENCE):
        values, lowest, highest = _looked_up(stored, file, header)
    else:
        values, lowest, highest = _rescaled(stored, file, header)
    if header.photometric == "MONOCHROME1":
        # Mirrored in the range that the stored bits can hold, not in this picture's own: the same
        # exposure must stay the same value from one picture to the next.
        np.subtract(np.float32(lowest + highest), values, out=values)
    return values


def _rescaled(
    stored: NDArray[Any], file: DicomFile, header: Header
) -> tuple[NDArray[np.float32], float, float]:
    slope, intercept = _decimal(file, _SLOPE, 1.0), _decimal(file, _INTERCEPT, 0.0)
    values = stored.astype(np.float32)
    if slope != 1.0:
        values *= np.float32(slope)
    if intercept != 0.0:
        values += np.float32(intercept)
    lowest, highest = (bound * slope + intercept for bound in header.stored_range)
    return values, lowest, highest


def _looked_up(
    stored: NDArray[Any], file: DicomFile, header: Header
) -> tuple[NDArray[np.float32], float, float]:
    sequence = file.elements[_LUT_SEQUENCE]
    item = read_elements(file.data[: sequence.end], sequence.start + _ITEM_START, file.encoding, ITEM_GROUPS)
    parts = [item.get(tag) for tag in (_LUT_DESCRIPTOR, _LUT_DATA)]
    descriptor, content = (file.data[part.start : part.end] if part else b"" for part in parts)
    table, first = lookup_table(descriptor, content, file.encoding.big, header.signed)
    entries = table.astype(np.float32)
    places = np.clip(stored.astype(np.int64) - first, 0, len(entries) - 1)
    return entries[places], float(entries.min()), float(entries.max())


def _decimal(file: DicomFile, tag: int, missing: float) -> float:
    text = file.word(tag)
    if not text:
        return missing
    try:
        value = float(text)
    except ValueError:
        value = 0.0 if tag == _SLOPE else math.nan
    if tag == _SLOPE and value == 0.0:
        raise Refused(Reason.BAD_HEADER, {"field": "RescaleSlope"})
    return value
