"""What a PNG says of itself, chunk by chunk, before anything is decoded (ISO/IEC 15948)."""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from medloop.imaging.limits import MAX_TEXT_INFLATED, check_chunks
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

START: Final = b"\x89PNG\r\n\x1a\n"

GREY: Final = 0
"""Colour type of pixels that are one number each."""

_SAMPLES: Final = {2: 3, 4: 2, 6: 4}
"""By colour type, where there are several: RGB, grey with alpha, RGB with alpha."""

_ADAM7: Final = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""Of each pass of an interlaced picture: first column and row, steps between columns and rows (§8.2)."""

_PIECE: Final = 2**18
"""Bytes that are inflated at a time, to be counted."""


def read_png_header(data: bytes) -> tuple[int, int, int, int]:
    """Rows, columns, bits per channel, and the colour type.

    Raises:
        Refused: TRUNCATED, BAD_HEADER, or EXPANSION_LIMIT for what lies compressed beside the pixels.
    """
    if len(data) >= 16 and data[12:16] != b"IHDR":
        raise Refused(Reason.BAD_HEADER, {"format": "png", "problem": "first_chunk"})
    left = MAX_TEXT_INFLATED
    for kind, start, end in chunks(data):
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            left -= _inflated_size(kind, data[start:end], left)
        if left < 0:
            facts: Facts = {"format": "png", "limit_bytes": MAX_TEXT_INFLATED}
            raise Refused(Reason.EXPANSION_LIMIT, facts)
    columns, rows, bits, colour_type = struct.unpack_from(">IIBB", data, 16)
    return rows, columns, bits, colour_type


def check_pixel_data(data: bytes) -> None:
    """Of a file whose header has been read: Pillow leaves rows black that the pixel data does not reach.

    Raises:
        Refused: PIXEL_LENGTH_MISMATCH.
    """
    expected = pixel_bytes(data)
    left, inflater = expected, zlib.decompressobj()
    try:
        for kind, start, end in chunks(data):
            packed = data[start:end] if kind == b"IDAT" else b""
            while packed and left > 0:
                left -= len(inflater.decompress(packed, min(left, _PIECE)))
                packed = inflater.unconsumed_tail
    except zlib.error:
        return  # the decoder says so
    if left > 0:
        facts: Facts = {"format": "png", "expected_bytes": expected, "actual_bytes": expected - left}
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, facts)


def pixel_bytes(data: bytes) -> int:
    """How many bytes the pixels take up, by the header, when they are inflated."""
    columns, rows, bits, colour_type, _, _, interlacing = struct.unpack_from(">IIBBBBB", data, 16)
    return _scanline_bytes(columns, rows, bits * _SAMPLES.get(colour_type, 1), bool(interlacing))


def _scanline_bytes(columns: int, rows: int, bits: int, interlaced: bool) -> int:
    """Every row begins in a byte of its own, behind one that names its filter."""
    total = 0
    for left, top, across, down in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        width, height = -(-(columns - left) // across), -(-(rows - top) // down)
        if width > 0 and height > 0:
            total += height * (1 + (width * bits + 7) // 8)
    return total


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the content of every chunk, IEND the last.

    Raises:
        Refused: TRUNCATED where IEND is missing, BAD_HEADER for more chunks than the limit.
    """
    position, size, count = len(START), len(data), 0
    while True:
        check_chunks(count := count + 1)
        start = position + 8
        position = start + 4 + int.from_bytes(data[start - 8 : start - 4], "big")
        if start > size or position > size:
            raise Refused(Reason.TRUNCATED, {"expected_bytes": max(start, position), "actual_bytes": size})
        kind = data[start - 4 : start]
        yield kind, start, position - 4
        if kind == b"IEND":
            return


def _inflated_size(kind: bytes, content: bytes, limit: int) -> int:
    """Bytes that a comment or profile takes inflated, counted to just above `limit`; 0 where it is plain."""
    keyword_end = content.find(b"\x00")
    if kind == b"iTXt":
        if content[keyword_end + 1 : keyword_end + 2] != b"\x01":
            return 0
        language_end = content.find(b"\x00", keyword_end + 3)
        packed = content[content.find(b"\x00", language_end + 1) + 1 :]
    else:
        packed = content[keyword_end + 2 :]
    try:
        return len(zlib.decompressobj().decompress(packed, limit + 1))
    except zlib.error:
        return 0  # the decoder passes over it or says so
