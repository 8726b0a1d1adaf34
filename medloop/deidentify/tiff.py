"""TIFF (revision 6.0, and BigTIFF) with nothing but its pixels: directories are written anew, tag by tag.

Read and written here, not by a library: every tag that is not known to be about pixels is left out, and what
lies between the directories is never looked at.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from medloop.deidentify import jpeg_2000_segments, jpeg_segments
from medloop.deidentify.result import Deidentified
from medloop.rules.reasons import Reason, Refused

MAX_PAGES: Final = 4096
_MAX_ENTRIES: Final = 4096

_WIDTHS: Final = {1: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8}
"""Bytes of a value by its type; 2 is text, 13 and 18 point to further directories."""

_SUBFILE, _COMPRESSION = 254, 259
_OFFSETS: Final = {273: 279, 324: 325}
"""Where strips or tiles begin, and the tag that tells how long they are."""
_JPEG_TABLES: Final = 347
_KEPT: Final = frozenset(
    {254, 256, 257, 258, 259, 262, 266, 274, 277, 278, 279, 280, 281, 282, 283}
    | {284, 290, 291, 292, 293, 296, 317, 318, 319, 320, 322, 323, 325, 338, 339, 340, 341}
    | {529, 530, 531, 532, _JPEG_TABLES, 32997, *_OFFSETS}
)
"""Sizes, depths, colours, compression, resolution, orientation."""

_PREVIEW: Final = 1
"""Bit of NewSubfileType; on slides such pages show the label."""

_BARE: Final = frozenset({1, 2, 3, 4, 5, 8, 32773, 32946})
_JPEG: Final = 7
_JPEG_2000: Final = frozenset({33003, 33005, 34712})

Tag = tuple[int, bytes]
"""Type and value."""


@dataclass(frozen=True)
class _Layout:
    order: str
    big: bool

    @property
    def offset(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "I"))

    @property
    def count(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> struct.Struct:
        """Tag, type, number of values; the value or its place follows."""
        return struct.Struct(self.order + ("HHQ" if self.big else "HHI"))


@dataclass(frozen=True, eq=False)
class _Page:
    tags: dict[int, Tag]
    pieces: list[bytes]
    """Strips or tiles."""
    offsets: int
    """The tag that tells where they begin."""


def deidentify_tiff(data: bytes) -> Deidentified:
    """The same pages, without those that are previews; strips and tiles bit for bit as they are stored.

    Raises:
        Refused: TRUNCATED, BAD_HEADER, UNDECODABLE for compressions that are not looked through, NO_PIXELS.
    """
    layout, first = _start(data)
    removed, pages = 0, []
    for tags, dropped in _directories(data, layout, first):
        if _number(tags, _SUBFILE, layout) & _PREVIEW:
            removed += 1
            continue
        removed += dropped
        pages.append(_page(data, tags, layout))
    if not pages:
        raise _bad("pages")
    return Deidentified(_written(pages, layout), {"removed": removed} if removed else {})


def _start(data: bytes) -> tuple[_Layout, int]:
    order = "<" if data[:2] == b"II" else ">"
    if len(data) < 16:
        raise Refused(Reason.TRUNCATED, {"format": "tiff", "actual_bytes": len(data)})
    layout = _Layout(order, big=struct.unpack_from(order + "H", data, 2)[0] == 43)
    return layout, layout.offset.unpack_from(data, 8 if layout.big else 4)[0]


def _directories(data: bytes, layout: _Layout, position: int) -> Iterator[tuple[dict[int, Tag], int]]:
    """Each directory's tags that are kept, and how many are not."""
    seen: set[int] = set()
    while position:
        if position in seen or len(seen) >= MAX_PAGES:
            raise _bad("directories")
        seen.add(position)
        try:
            entries, position = _directory(data, layout, position)
        except struct.error:
            raise Refused(Reason.TRUNCATED, {"format": "tiff", "actual_bytes": len(data)}) from None
        kept = {tag: entry for tag, entry in entries.items() if entry[0]}
        yield kept, len(entries) - len(kept)


def _directory(data: bytes, layout: _Layout, position: int) -> tuple[dict[int, Tag], int]:
    (number,) = layout.count.unpack_from(data, position)
    if number > _MAX_ENTRIES:
        raise _bad("entries")
    position += layout.count.size
    found: dict[int, Tag] = {}
    for _ in range(number):
        tag, kind, count = layout.entry.unpack_from(data, position)
        place = position + layout.entry.size
        length = count * _WIDTHS.get(kind, 0)
        start = place if length <= layout.offset.size else layout.offset.unpack_from(data, place)[0]
        if tag in _KEPT and kind in _WIDTHS:
            if start + length > len(data):
                raise Refused(
                    Reason.TRUNCATED,
                    {"format": "tiff", "expected_bytes": start + length, "actual_bytes": len(data)},
                )
            found.setdefault(tag, (kind, data[start : start + length]))
        else:
            found.setdefault(tag, (0, b""))  # left out
        position = place + layout.offset.size
    return found, layout.offset.unpack_from(data, position)[0]


def _page(data: bytes, tags: dict[int, Tag], layout: _Layout) -> _Page:
    offsets = next((tag for tag in _OFFSETS if tag in tags and _OFFSETS[tag] in tags), None)
    if offsets is None:
        raise Refused(Reason.NO_PIXELS, {"format": "tiff", "problem": "strips"})
    starts, lengths = _numbers(tags[offsets], layout), _numbers(tags[_OFFSETS[offsets]], layout)
    if len(starts) != len(lengths) or sum(lengths) > len(data) + max(lengths, default=0):
        raise _bad("strips")
    end = max((start + length for start, length in zip(starts, lengths, strict=True)), default=0)
    if end > len(data):
        raise Refused(Reason.TRUNCATED, {"format": "tiff", "expected_bytes": end, "actual_bytes": len(data)})
    compression = _number(tags, _COMPRESSION, layout) or 1
    pieces = [
        _clean(data[start : start + length], compression)
        for start, length in zip(starts, lengths, strict=True)
    ]
    if _JPEG_TABLES in tags:
        kind, tables = tags[_JPEG_TABLES]
        tags[_JPEG_TABLES] = kind, _blanked(tables, jpeg_segments.strange(tables))
    return _Page(tags, pieces, offsets)


def _clean(piece: bytes, compression: int) -> bytes:
    if compression in _BARE:
        return piece
    if compression == _JPEG:
        return _blanked(piece, jpeg_segments.strange(piece))
    if compression in _JPEG_2000:
        return _blanked(piece, jpeg_2000_segments.strange(piece))
    raise Refused(Reason.UNDECODABLE, {"format": "tiff", "compression": compression})


def _blanked(piece: bytes, spans: list[tuple[int, int]]) -> bytes:
    content = bytearray(piece)
    for start, end in spans:
        content[start:end] = bytes(end - start)
    return bytes(content)


def _written(pages: list[_Page], layout: _Layout) -> bytes:
    """Header, then every page: its directory, its longer values, its pieces."""
    order = layout.order
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if layout.big else 42)
    head += struct.pack(order + "HH", 8, 0) if layout.big else b""
    position = len(head) + layout.offset.size
    parts = [head, layout.offset.pack(position)]
    for number, page in enumerate(pages):
        whole = _page_bytes(page, layout, position, is_last=number == len(pages) - 1)
        parts.append(whole)
        position += len(whole)
    return b"".join(parts)


def _page_bytes(page: _Page, layout: _Layout, position: int, is_last: bool) -> bytes:
    size = layout.offset.size
    tags = dict(page.tags)
    directory = layout.count.size + len(tags) * (layout.entry.size + size) + size
    offset_kind = 16 if layout.big else 4
    tags[page.offsets] = offset_kind, bytes(size * len(page.pieces))
    longer = sum(_even(len(value)) for _, value in tags.values() if len(value) > size)
    place = position + _even(directory) + longer
    starts = []
    for piece in page.pieces:
        starts.append(place)
        place += _even(len(piece))
    tags[page.offsets] = offset_kind, b"".join(map(layout.offset.pack, starts))
    entries, values = [layout.count.pack(len(tags))], []
    at = position + _even(directory)
    for tag, (kind, value) in sorted(tags.items()):
        count = len(value) // _WIDTHS[kind]
        entries.append(layout.entry.pack(tag, kind, count))
        if len(value) <= size:
            entries.append(value.ljust(size, b"\x00"))
            continue
        entries.append(layout.offset.pack(at))
        values.append(value.ljust(_even(len(value)), b"\x00"))
        at += _even(len(value))
    entries.append(layout.offset.pack(0 if is_last else place))
    top = b"".join(entries).ljust(_even(directory), b"\x00")
    return b"".join((top, *values, *(piece.ljust(_even(len(piece)), b"\x00") for piece in page.pieces)))


def _even(length: int) -> int:
    """Offsets are even (TIFF 6.0, section 2)."""
    return length + length % 2


def _number(tags: dict[int, Tag], tag: int, layout: _Layout) -> int:
    return next(iter(_numbers(tags[tag], layout)), 0) if tag in tags else 0


def _numbers(tag: Tag, layout: _Layout) -> tuple[int, ...]:
    """Of unsigned integers; () for another type."""
    kind, value = tag
    letter = {1: "B", 3: "H", 4: "I", 16: "Q"}.get(kind)
    if letter is None:
        return ()
    return struct.unpack(f"{layout.order}{len(value) // _WIDTHS[kind]}{letter}", value)


def _bad(problem: str) -> Refused:
    return Refused(Reason.BAD_HEADER, {"format": "tiff", "problem": problem})
