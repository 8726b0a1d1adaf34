"""Encapsulated pixel data (PS3.5 annex A.4): which bytes of which fragments are which frame."""

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from medloop.imaging.codestreams import jpeg, jpeg_2000
from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.elements import PIXEL_DATA
from medloop.rules.reasons import Reason, Refused

_OFFSETS, _LENGTHS = 0x7FE00001, 0x7FE00002
_STARTS: Final = (jpeg.START, jpeg_2000.START, jpeg_2000.BOX_START)
_ITEM_HEADER: Final = 8


class Fragment(NamedTuple):
    item: int
    """Where its item starts, counted from the first fragment's: what offset tables refer to."""
    start: int
    end: int
    """Of its bytes in the data."""


def frames_of(file: DataSet, count: int) -> list[bytes]:
    """The compressed bytes of each of `count` frames.

    By the extended offset table, the basic one, or none: one frame takes everything, one fragment each is
    the rule, and else frames start where codestreams do. Tables that contradict the fragments are not used.

    Raises:
        Refused: NO_PIXELS, or PIXEL_LENGTH_MISMATCH for another number of frames than the header says.
    """
    table, fragments = _fragments(file)
    if not fragments:
        raise Refused(Reason.NO_PIXELS, {"fragments": 0})
    if count == 1:
        return [_joined(file, fragments)]
    groups = (
        _by_extended_table(file, fragments, count)
        or _by_table(table, fragments, count)
        or (len(fragments) == count and [[fragment] for fragment in fragments])
        or _by_starts(file, fragments)
    )
    if len(groups) != count:
        facts: dict[str, int | float | str] = {"expected_frames": count, "actual_frames": len(groups)}
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, {**facts, "fragments": len(fragments)})
    return [_joined(file, group) for group in groups]


def count_encapsulated(file: DataSet) -> int:
    """How many frames there are, where the header does not say: by the offset table, or by codestreams."""
    table, fragments = _fragments(file)
    return max(1, len(table), len(_by_starts(file, fragments)))


def _fragments(file: DataSet) -> tuple[tuple[int, ...], list[Fragment]]:
    """The basic offset table, and the fragments behind it."""
    pixels, order = file.elements[PIXEL_DATA], ">" if file.encoding.big else "<"
    length_at = struct.Struct(f"{order}I").unpack_from
    found, position = [], pixels.start
    while position + _ITEM_HEADER < pixels.end:
        end = position + _ITEM_HEADER + length_at(file.data, position + 4)[0]
        found.append(Fragment(position, position + _ITEM_HEADER, end))
        position = end
    if not found:
        return (), []
    table, *fragments = found
    words = (table.end - table.start) // 4
    offsets = struct.unpack_from(f"{order}{words}I", file.data, table.start)
    return offsets, [fragment._replace(item=fragment.item - table.end) for fragment in fragments]


def _by_extended_table(file: DataSet, fragments: list[Fragment], count: int) -> list[list[Fragment]]:
    """Each frame in one fragment, its true length stated; [] where there is no such table."""
    order = ">" if file.encoding.big else "<"
    tables = [file.content(tag) for tag in (_OFFSETS, _LENGTHS)]
    if any(len(table) != 8 * count for table in tables):
        return []
    places = {fragment.item: fragment for fragment in fragments}
    groups = []
    for offset, length in zip(*(struct.unpack(f"{order}{count}Q", table) for table in tables), strict=True):
        if offset not in places:
            return []
        fragment = places[offset]
        groups.append([fragment._replace(end=min(fragment.end, fragment.start + length))])
    return groups


def _by_table(table: Sequence[int], fragments: list[Fragment], count: int) -> list[list[Fragment]]:
    """[] where the table does not name `count` fragments in order."""
    numbers = {fragment.item: number for number, fragment in enumerate(fragments)}
    firsts = [numbers.get(offset, -1) for offset in table]
    if len(firsts) != count or firsts[0] != 0 or any(later <= first for first, later in pairwise(firsts)):
        return []
    return [fragments[start:end] for start, end in pairwise([*firsts, len(fragments)])]


def _by_starts(file: DataSet, fragments: list[Fragment]) -> list[list[Fragment]]:
    """Grouped from codestream to codestream; [] where the first fragment starts none (RLE)."""
    groups: list[list[Fragment]] = []
    for fragment in fragments:
        if file.data.startswith(_STARTS, fragment.start):
            groups.append([])
        if not groups:
            return []
        groups[-1].append(fragment)
    return groups


def _joined(file: DataSet, fragments: list[Fragment]) -> bytes:
    return b"".join([file.data[fragment.start : fragment.end] for fragment in fragments])
