"""The headers of JPEG (ISO 10918-1) and JPEG-LS (ISO 14495-1), up to the start of the pixels."""

from dataclasses import dataclass
from typing import Final

from medloop.imaging.limits import check_chunks
from medloop.rules.reasons import Reason, Refused

START: Final = b"\xff\xd8\xff"
END: Final = b"\xff\xd9"

_LOSSLESS, _JPEG_LS = 0xC3, 0xF7
_FRAMES: Final = frozenset({*range(0xC0, 0xD0), _JPEG_LS}) - {0xC4, 0xC8, 0xCC}
"""Start of frame, of any process; C4, C8 and CC are tables and a reserved word."""
_DCT: Final = frozenset({0xC0, 0xC1, 0xC2})
_END: Final = 0xD9
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_APP_0, _APP_14 = 0xE0, 0xEE
_ADOBE_BYTES: Final = 12
"""Shorter ones are no markers of Adobe's: libjpeg passes over them, too."""
_BAIT: Final = bytes.fromhex("a5 5a c3 3c 69 96 0f 71 d2 b4 87 1e") * 40
"""Bits that mean something else than the zeros with which libjpeg goes on where its data ends."""
_RGB_IDS: Final = frozenset({b"RGB", b"rgb"})


@dataclass(frozen=True)
class JpegHeader:
    rows: int
    columns: int
    bits: int
    components: int
    is_ls: bool
    is_lossless: bool
    """Process 14 and its kin (SOF3): values as they were, no colour transform."""
    colour: str
    """What the markers say three components are: RGB, YCBCR, or "" where they say nothing."""
    ends: bool
    """The end-of-image marker follows the header somewhere; decoders invent what is missing before it."""
    least_bytes: int
    """Shorter files cannot hold the picture; 0 where the process packs it closer than can be said."""


def baited(data: bytes) -> bytes:
    """The same picture with bytes before its end that a decoder looks at only if pixels are missing there.

    Where it decodes to other values, libjpeg has invented some: it warns of that, and nobody hears it.
    """
    # Fill bytes may stand before the end (B.1.1.2): with the bait behind them they would be a marker.
    return data[: data.rfind(END)].rstrip(b"\xff") + _BAIT + END


def read_jpeg_header(data: bytes) -> JpegHeader:
    """Raises Refused: TRUNCATED where the file ends before a frame starts, BAD_HEADER where it has none."""
    position, size, count = 2, len(data), 0
    colour = ""
    while position + 9 < size:
        check_chunks(count := count + 1)
        if data[position] != 0xFF:
            raise Refused(Reason.BAD_HEADER, {"format": "jpeg", "problem": "marker", "offset": position})
        marker = data[position + 1]
        if marker == _END:
            raise Refused(Reason.BAD_HEADER, {"format": "jpeg", "problem": "no_frame", "offset": position})
        if marker in _FRAMES:
            return _frame(data, position, colour)
        if marker in (_APP_0, _APP_14):
            colour = _stated_colour(data[position + 4 : position + _step(data, position, marker)]) or colour
        position += _step(data, position, marker)
    raise Refused(Reason.TRUNCATED, {"expected_bytes": position + 10, "actual_bytes": size})


def _step(data: bytes, position: int, marker: int) -> int:
    if marker == 0xFF:
        return 1
    if marker in _STANDALONE:
        return 2
    return 2 + int.from_bytes(data[position + 2 : position + 4], "big")


def _frame(data: bytes, position: int, colour: str) -> JpegHeader:
    marker, components = data[position + 1], data[position + 9]
    rows, columns = (int.from_bytes(data[position + at : position + at + 2], "big") for at in (5, 7))
    ids = data[position + 10 : position + 10 + 3 * components : 3]
    return JpegHeader(
        rows=rows,
        columns=columns,
        bits=data[position + 4],
        components=components,
        is_ls=marker == _JPEG_LS,
        is_lossless=marker == _LOSSLESS,
        colour="RGB" if ids in _RGB_IDS else colour,
        ends=data.rfind(END) > position,
        least_bytes=_least_bytes(marker, rows, columns),
    )


def _least_bytes(marker: int, rows: int, columns: int) -> int:
    """Huffman codes have a bit at least: one for each value, or for each block of 8 x 8."""
    if marker == _LOSSLESS:
        return rows * columns // 8
    return -(-rows // 8) * -(-columns // 8) // 8 if marker in _DCT else 0


def _stated_colour(segment: bytes) -> str:
    """JFIF always means luminance and chrominance; Adobe's marker has a byte for it."""
    if segment.startswith(b"JFIF"):
        return "YCBCR"
    if segment.startswith(b"Adobe") and len(segment) >= _ADOBE_BYTES:
        return "YCBCR" if segment[11] else "RGB"
    return ""
