"""DICOM run-length encoding (PS3.5 annex G), never expanded beyond what the header declares."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.decoders.process import DECODER
from medloop.imaging.dicom.header import Header
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

_TABLE_BYTES = 64


def decode_rle(frame: bytes, header: Header) -> NDArray[Any]:
    """Stored values, HxW or HxWx3, unsigned.

    Raises:
        Refused: PIXEL_LENGTH_MISMATCH for segments longer or shorter than a plane, BAD_HEADER for a
            segment table that contradicts the header.
    """
    width = max(1, header.bits_allocated // 8)
    count = header.rows * header.columns
    plane_bytes = (count + 7) // 8 if header.bits_allocated == 1 else count
    bounds = _bounds(frame, header.samples * width)
    _check_lengths(bounds, plane_bytes)
    facts: Facts = {"transfer_syntax": "rle"}
    parameters = {"bounds": bounds, "plane_bytes": plane_bytes, "values": count * len(bounds)}
    planes, _ = DECODER.run("run_lengths", frame, facts, **parameters)
    if header.bits_allocated == 1:
        planes = np.unpackbits(planes, axis=1, count=count, bitorder="little")
    # Most significant byte first; little endian memory wants it last.
    bytes_last = planes.reshape(header.samples, width, count)[:, ::-1].transpose(0, 2, 1)
    values = np.ascontiguousarray(bytes_last).view(f"<u{width}")
    picture = values.reshape(header.samples, header.rows, header.columns)
    return picture[0] if header.samples == 1 else np.moveaxis(picture, 0, -1)


def _bounds(frame: bytes, expected: int) -> list[int]:
    """Where the segments start, and where the last one ends."""
    if len(frame) < _TABLE_BYTES:
        raise Refused(Reason.TRUNCATED, {"expected_bytes": _TABLE_BYTES, "actual_bytes": len(frame)})
    count, *offsets = struct.unpack_from("<16I", frame)
    if count != expected:
        raise Refused(Reason.BAD_HEADER, {"problem": "rle_segments", "segments": count, "expected": expected})
    bounds = [*offsets[:count], len(frame)]
    if bounds[0] < _TABLE_BYTES or bounds != sorted(bounds):
        raise Refused(Reason.BAD_HEADER, {"problem": "rle_offsets"})
    return bounds


def _check_lengths(bounds: list[int], plane_bytes: int) -> None:
    longest = max(end - start for start, end in zip(bounds, bounds[1:], strict=False))
    limit = 2 * plane_bytes + _TABLE_BYTES  # single literal bytes, the worst that an encoder can do
    if longest > limit:
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, {"expected_bytes": limit, "actual_bytes": longest})
