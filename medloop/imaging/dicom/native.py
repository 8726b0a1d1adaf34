"""Uncompressed pixel data: frames as views into the file wherever the layout allows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.bits import is_left_aligned, significant
from medloop.imaging.dicom.colour import spread_pairs, spread_squares, ybr_to_rgb
from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.file import PAD, DicomFile
from medloop.imaging.dicom.header import HALVED, QUARTERED, Header
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

Values = NDArray[Any]


def native_frames(file: DicomFile, header: Header, deviations: set[str]) -> Iterator[Values]:
    """Frame after frame, HxW with sign; colour as RGB, HxWx3.

    Raises:
        Refused: TRUNCATED or PIXEL_LENGTH_MISMATCH.
    """
    element = file.elements[header.pixels]
    _check_length(file, header, deviations)
    if header.bits_allocated == 1:
        yield from _single_bits(file, header)
        return
    order = ">" if file.encoding.big else "<"
    count = header.frames * header.frame_bits // header.bits_allocated
    # Big endian words of 8-bit pixels come with each pair of bytes swapped.
    if order == ">" and header.bits_allocated == 8 and element.vr == b"OW":
        swapped = np.frombuffer(file.data, ">u2", (element.end - element.start) // 2, element.start)
        flat: Values = swapped.astype("<u2").view(np.uint8)[:count]
    else:
        kind = "f" if header.is_float else "u"
        flat = np.frombuffer(file.data, f"{order}{kind}{header.bits_allocated // 8}", count, element.start)
    for frame in flat.reshape(header.frames, -1):
        yield picture_of(frame, header, deviations)


def picture_of(flat: Values, header: Header, deviations: set[str]) -> Values:
    """One frame's numbers in the order of the file, as a picture."""
    if header.is_float:
        return flat.reshape(header.rows, header.columns)
    high = _high_bit(flat, header, deviations)
    values = significant(_shaped(flat, header), header.bits_stored, high, header.signed)
    if header.photometric.startswith("YBR"):
        partial = header.photometric.startswith("YBR_PARTIAL")
        return ybr_to_rgb(values, header.bits_stored, partial)
    return values


def _high_bit(flat: Values, header: Header, deviations: set[str]) -> int:
    """As stated where the values agree: many headers name a high bit that their pixels do not have."""
    usual = header.bits_stored - 1
    if header.high_bit == usual:
        return usual
    possible = usual < header.high_bit < header.bits_allocated
    if possible and is_left_aligned(flat, header.bits_stored, header.high_bit):
        return header.high_bit
    deviations.add("high_bit")
    return usual


def _check_length(file: DicomFile, header: Header, deviations: set[str]) -> None:
    """As long as the header says; up to a row of trailing bytes is padding."""
    element = file.elements[header.pixels]
    actual, expected = element.end - element.start, (header.frames * header.frame_bits + 7) // 8
    row = -(-header.frame_bits // header.rows // 8) if header.rows > 1 else 0
    if not expected <= actual <= expected + max(1, row):
        facts: Facts = {"expected_bytes": expected, "actual_bytes": actual, "frames": header.frames}
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, {**facts, "rows": header.rows, "columns": header.columns})
    if PAD in file.repaired and actual == expected:
        raise Refused(
            Reason.TRUNCATED, {"expected_bytes": len(file.data), "actual_bytes": len(file.data) - 1}
        )
    if actual != expected + expected % 2:
        deviations.add("padding")


def _single_bits(file: DataSet, header: Header) -> Iterator[Values]:
    """Lowest bit first; a frame may start within a byte."""
    packed = np.frombuffer(file.data, np.uint8, offset=file.elements[header.pixels].start)
    count = header.rows * header.columns
    for start in range(0, header.frames * count, count):
        first, last = start // 8, (start + count + 7) // 8
        bits = np.unpackbits(packed[first:last], bitorder="little")
        yield bits[start % 8 :][:count].reshape(header.rows, header.columns)


def _shaped(flat: Values, header: Header) -> Values:
    if header.photometric in HALVED:
        return spread_pairs(flat, header.rows, header.columns)
    if header.photometric in QUARTERED:
        return spread_squares(flat, header.rows, header.columns)
    if header.samples == 1:
        return flat.reshape(header.rows, header.columns)
    if header.planar:
        return np.moveaxis(flat.reshape(3, header.rows, header.columns), 0, -1)
    return flat.reshape(header.rows, header.columns, 3)
