"""The directories of a TIFF file, walked before anything else trusts them (TIFF 6.0 section 2, BigTIFF)."""

from dataclasses import dataclass
from typing import Final, Literal

from medloop.imaging.limits import check_chunks
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

MAX_PAGES: Final = 4096

_BIG: Final = 43
_STRIPS_AND_TILES: Final = frozenset({273, 279, 324, 325})
"""Where the pieces of the picture start, and how long they are."""

_SIZES: Final = {1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8}
"""Bytes of the types that count and locate."""


@dataclass(frozen=True)
class _Layout:
    order: Literal["little", "big"]
    number: int
    """Bytes of an offset, and of what an entry holds itself."""
    count: int
    """Bytes of the number of entries."""
    entry: int


def check_directories(data: bytes) -> None:
    """Every directory lies in the file and comes once, and so do the tables of strips and tiles.

    Raises:
        Refused: TRUNCATED; BAD_HEADER for a chain that comes back to itself, and for more entries or strips
            than the limit; MULTI_FRAME for more than MAX_PAGES directories; NO_PIXELS for none.
    """
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    is_big = int.from_bytes(data[2:4], order) == _BIG
    layout = _Layout(order, 8, 8, 20) if is_big else _Layout(order, 4, 2, 12)
    at = layout.number if is_big else 4
    seen: set[int] = set()
    entries = 0
    while (offset := _number(data, at, layout.number, layout)) != 0:
        if offset in seen:
            raise Refused(Reason.BAD_HEADER, _facts(problem="pages"))
        if len(seen) >= MAX_PAGES:
            raise Refused(Reason.MULTI_FRAME, _facts(limit_pages=MAX_PAGES))
        seen.add(offset)
        entries += _number(data, offset, layout.count, layout)
        check_chunks(entries)  # of all together: directories may overlap
        at = _check_directory(data, offset, layout)
    if not seen:
        raise Refused(Reason.NO_PIXELS, _facts(problem="pages"))


def _check_directory(data: bytes, offset: int, layout: _Layout) -> int:
    """Where the offset of the next one stands."""
    start = offset + layout.count
    end = start + _number(data, offset, layout.count, layout) * layout.entry
    _check_end(data, end)
    for at in range(start, end, layout.entry):
        if _number(data, at, 2, layout) in _STRIPS_AND_TILES:
            _check_table(data, at, layout)
    return end


def _check_table(data: bytes, at: int, layout: _Layout) -> None:
    size = _SIZES.get(_number(data, at + 2, 2, layout), 1)
    count = _number(data, at + 4, layout.number, layout)
    check_chunks(count)
    if count * size > layout.number:
        _check_end(data, _number(data, at + 4 + layout.number, layout.number, layout) + count * size)


def _number(data: bytes, at: int, size: int, layout: _Layout) -> int:
    _check_end(data, at + size)
    return int.from_bytes(data[at : at + size], layout.order)


def _check_end(data: bytes, end: int) -> None:
    if end > len(data):
        raise Refused(Reason.TRUNCATED, _facts(expected_bytes=end, actual_bytes=len(data)))


def _facts(**facts: int | str) -> Facts:
    return {"format": "tiff", **facts}
