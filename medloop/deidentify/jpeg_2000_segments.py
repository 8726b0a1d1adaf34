"""Where a JPEG 2000 codestream (ISO 15444-1 annex A) holds comments, and bytes behind its end."""

from typing import Final

from medloop.imaging.codestreams.jpeg_2000 import START
from medloop.imaging.limits import check_chunks

Span = tuple[int, int]

_SOC_BYTES: Final = 2
_SOT, _SOD, _COM, _EOC = b"\xff\x90", b"\xff\x93", b"\xff\x64", b"\xff\xd9"
_KIND_BYTES: Final = 2
"""Of a comment: whether it is text; 0 where it is not."""
_BOX_HEADER: Final = 8
_NEEDED_BOXES: Final = frozenset({b"jP  ", b"ftyp", b"jp2h", b"jp2c"})


def strange(data: bytes) -> list[Span]:
    """Stretches that can be blanked, and no decoder will notice; everything where it is no codestream."""
    start = data.find(START)
    if start < 0:
        return [(0, len(data))] if data else []
    found = _boxes(data, start)
    position, count = start + _SOC_BYTES, 0
    tile_start, tile_end = 0, len(data)
    while position + 4 <= len(data):
        check_chunks(count := count + 1)
        marker = data[position : position + 2]
        if marker == _EOC:
            position += 2
            break
        if marker == _SOD:
            position = tile_end
            continue
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == _SOT:
            tile_start, length = position, int.from_bytes(data[position + 6 : position + 10], "big")
            tile_end = tile_start + length if length else _end(data, position)
        if marker == _COM:
            found.append((position + 4 + _KIND_BYTES, min(end, len(data))))
        if marker[:1] != b"\xff":
            break
        position = max(end, position + 4)
    else:
        position += 2 if data[position : position + 2] == _EOC else 0
    found.append((position, len(data)))
    return [span for span in found if span[1] > span[0]]


def _end(data: bytes, start: int) -> int:
    """A tile part of length 0 lasts until the end of the codestream."""
    end = data.rfind(_EOC, start)
    return end if end > 0 else len(data)


def _boxes(data: bytes, codestream: int) -> list[Span]:
    """Contents of boxes in front of the codestream that are not about its pixels: XML, UUID and others."""
    found, position = [], 0
    while position + _BOX_HEADER < codestream:
        length = int.from_bytes(data[position : position + 4], "big")
        end = position + length if length >= _BOX_HEADER else codestream
        if data[position + 4 : position + 8] not in _NEEDED_BOXES:
            found.append((position + _BOX_HEADER, min(end, codestream)))
        position = end
    return found
