"""DICOM run-length encoding (PS3.5 annex G), never expanded beyond what the header declares."""

import struct

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.header import Header
from medloop.rules.reasons import Reason, Refused


def decode_rle(frame: bytes, header: Header) -> NDArray[np.generic]:
    """Stored values, HxW or HxWx3.

    Raises:
        Refused: PIXEL_LENGTH_MISMATCH for segments longer or shorter than a plane, BAD_HEADER for a
            segment table that contradicts the header.
    """
    width = header.bits_allocated // 8
    plane = header.rows * header.columns
    segments = _segments(frame, header.samples * width)
    planes = np.empty((header.samples, plane, width), dtype=np.uint8)
    for number, segment in enumerate(segments):
        # Most significant byte first; little endian memory wants it last.
        target = planes[number // width, :, width - 1 - number % width]
        target[:] = np.frombuffer(_unpack(segment, plane), dtype=np.uint8)
    values = planes.reshape(header.samples, -1).view(f"<u{width}")
    picture = values.reshape(header.samples, header.rows, header.columns)
    return picture[0] if header.samples == 1 else np.moveaxis(picture, 0, -1)


def _segments(frame: bytes, expected: int) -> list[bytes]:
    if len(frame) < 64:
        raise Refused(Reason.TRUNCATED, {"expected_bytes": 64, "actual_bytes": len(frame)})
    count, *offsets = struct.unpack_from("<16I", frame)
    if count != expected:
        raise Refused(Reason.BAD_HEADER, {"problem": "rle_segments", "segments": count, "expected": expected})
    ends = [*offsets[1:count], len(frame)]
    if any(not 64 <= start <= end <= len(frame) for start, end in zip(offsets, ends, strict=False)):
        raise Refused(Reason.BAD_HEADER, {"problem": "rle_offsets"})
    return [frame[start:end] for start, end in zip(offsets, ends, strict=False)]


def _unpack(segment: bytes, wanted: int) -> bytes:
    """Exactly `wanted` bytes; one pad byte after them is legal."""
    out = bytearray()
    position, size = 0, len(segment)
    if size > 2 * wanted + 64:  # single literal bytes, the worst that an encoder can do
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, {"expected_bytes": 2 * wanted, "actual_bytes": size})
    while position < size and len(out) < wanted:
        control = segment[position]
        if control < 128:
            out += segment[position + 1 : position + 2 + control]
            position += 2 + control
        elif control > 128:
            out += segment[position + 1 : position + 2] * (257 - control)
            position += 2
        else:
            position += 1
    if len(out) != wanted:
        facts: dict[str, int | float | str] = {"expected_bytes": wanted, "actual_bytes": len(out)}
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, facts)
    return bytes(out)
