"""PNG (ISO/IEC 15948) with nothing but its pixels: texts, times, profiles and unknown chunks are left out."""

import struct
import zlib
from typing import Final

from medloop.deidentify.orientation import exif_orientation
from medloop.deidentify.result import Deidentified
from medloop.imaging.limits import MAX_INFLATED, check_pixels
from medloop.imaging.rasters.png import START, chunks, pixel_bytes, read_png_header
from medloop.rules.reasons import Reason, Refused

_LONGEST: Final = {
    b"IHDR": 13,
    b"PLTE": 768,
    b"tRNS": 256,
    b"gAMA": 4,
    b"cHRM": 32,
    b"sRGB": 1,
    b"cICP": 4,
    b"sBIT": 4,
    b"bKGD": 6,
    b"pHYs": 9,
    b"acTL": 8,
    b"fcTL": 26,
}
"""What pixels, their colours and their size depend on, and the most bytes that it may take up."""
_PIXELS: Final = b"IDAT"
_PIECE: Final = 2**20


def deidentify_png(data: bytes) -> Deidentified:
    """The same pixels bit for bit.

    Raises:
        Refused: TRUNCATED, BAD_HEADER, PIXEL_LIMIT, EXPANSION_LIMIT, UNDECODABLE.
    """
    rows, columns, _, _ = read_png_header(data)
    check_pixels(rows, columns)
    orientation = exif_orientation(data, "png")
    before: list[bytes] = []
    after: list[bytes] = []
    pixels: list[bytes] = []
    removed = 0
    for kind, start, end in chunks(data):
        if kind == _PIXELS:
            pixels.append(data[start:end])
        elif kind == b"fdAT" or end - start <= _LONGEST.get(kind, -1):
            (after if pixels else before).append(_chunk(kind, data[start:end]))
        else:
            removed += kind not in (b"IEND", b"eXIf") or bool(kind == b"eXIf" and not orientation)
    if orientation:
        before.append(_chunk(b"eXIf", orientation))
    body = _chunk(_PIXELS, _without_tail(b"".join(pixels), pixel_bytes(data)))
    content = b"".join((START, *before, body, *after, _chunk(b"IEND", b"")))
    return Deidentified(content, {"removed": removed} if removed else {})


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _without_tail(packed: bytes, expected: int) -> bytes:
    """What lies behind the pixels is none, be it compressed with them or not."""
    inflater, passed, rest = zlib.decompressobj(), 0, packed
    try:
        while rest and not inflater.eof:
            passed += len(inflater.decompress(rest, _PIECE))
            rest = inflater.unconsumed_tail
            if passed > MAX_INFLATED:
                raise Refused(Reason.EXPANSION_LIMIT, {"format": "png", "limit_bytes": MAX_INFLATED})
    except zlib.error:
        raise Refused(Reason.UNDECODABLE, {"format": "png"}) from None
    if passed > expected:
        return zlib.compress(zlib.decompressobj().decompress(packed, expected))
    return packed[: len(packed) - len(inflater.unused_data)]
