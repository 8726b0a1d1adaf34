"""The main header of a JPEG 2000 codestream (ISO 15444-1 annex A), bare or in the boxes of a .jp2 file."""

import struct
from dataclasses import dataclass
from typing import Final

from medloop.imaging.limits import check_chunks
from medloop.rules.reasons import Reason, Refused

START: Final = b"\xff\x4f\xff\x51"
BOX_START: Final = b"\x00\x00\x00\x0cjP  "

_SIZ: Final = struct.Struct(">HHIIIIIIIIH")
_COD: Final = b"\xff\x52"
_SOT: Final = b"\xff\x90"
_SOT_BYTES: Final = 12
_SEARCHED: Final = 64 * 1024
"""Bytes in which the codestream starts: before it, boxes may hold a colour profile."""


@dataclass(frozen=True)
class Jpeg2000Header:
    rows: int
    columns: int
    bits: int
    """Of the first component."""
    signed: bool
    components: int
    transforms_colour: bool
    """A multiple component transform is declared: the decoder gives back RGB."""
    tiles: int
    """Decoders believe this number: some need hours for tiles of one pixel."""
    first_tile: int
    """Where the main header ends, in bytes."""


def read_jpeg_2000_header(data: bytes) -> Jpeg2000Header:
    """Raises Refused: UNDECODABLE where no codestream starts, BAD_HEADER where it contradicts itself."""
    start = data.find(START, 0, _SEARCHED)
    if start < 0 or len(data) < start + 45:
        raise Refused(Reason.UNDECODABLE, {"problem": "codestream"})
    fields = _SIZ.unpack_from(data, start + 4)
    length, _, right, bottom, left, top, tile_width, tile_height, tile_left, tile_top, components = fields
    columns, rows = right - left, bottom - top
    if min(columns, rows, components, tile_width, tile_height) < 1 or tile_left > left or tile_top > top:
        raise Refused(Reason.BAD_HEADER, {"format": "jpeg2000", "problem": "size"})
    depth = data[start + 42]
    transforms_colour, first_tile = _coding(data, start + 4 + length)
    return Jpeg2000Header(
        rows=rows,
        columns=columns,
        bits=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
        components=components,
        transforms_colour=transforms_colour,
        tiles=-(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height),
        first_tile=first_tile,
    )


def _coding(data: bytes, position: int) -> tuple[bool, int]:
    """Walks the marker segments behind SIZ: whether colours are transformed, and where the first tile is."""
    transforms_colour = False
    while position + 9 <= len(data) and data[position] == 0xFF and data[position + 1] != _SOT[1]:
        if data[position : position + 2] == _COD:
            transforms_colour = data[position + 8] == 1
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return transforms_colour, position


def count_tiles(data: bytes, position: int) -> int:
    """How many tiles have data, from the first tile on: decoders leave the others black without a word.

    Raises:
        Refused: BAD_HEADER for more parts than any picture has.
    """
    found, parts = set(), 0
    while data[position : position + 2] == _SOT and position + _SOT_BYTES <= len(data):
        check_chunks(parts := parts + 1)
        found.add(data[position + 4 : position + 6])
        length = int.from_bytes(data[position + 6 : position + 10], "big")
        if length < _SOT_BYTES:
            break  # zero: the last part, up to the end of the codestream
        position += length
    return len(found)
