"""Finds the elements of a DICOM data set without building them, in bounded time and memory.

pydicom parses eagerly: five thousand nested sequences end in a RecursionError, a length of 0xFFFFFFF0 in
a MemoryError, 200 000 elements in three seconds. Here nothing is copied and nothing recurses; a value is
looked at only when asked for.
"""

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from medloop.imaging.dicom.vr import LONG, SHORT
from medloop.imaging.limits import MAX_DEPTH, MAX_ELEMENTS, check_chunks
from medloop.rules.reasons import Reason, Refused

PIXEL_DATA: Final = 0x7FE00010
PIXEL_KINDS: Final = frozenset({0x7FE00008, 0x7FE00009, PIXEL_DATA})
"""Float, double float and integer pixel data; the data set is read no further than these."""

ALL_GROUPS: Final = range(0x10000)
META_GROUP: Final = range(0x0002, 0x0003)
ITEM_GROUPS: Final = range(0xFFFE)
"""Of one item's content, which a delimiter may end."""

UNDEFINED: Final = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_ITEM_BYTES = {True: b"\xff\xfe\xe0\x00", False: b"\xfe\xff\x00\xe0"}
# Group, number, VR and the short length; of the long length only its place is known yet.
_HEADERS = {True: struct.Struct(">HH2sH"), False: struct.Struct("<HH2sH")}
_LENGTHS = {True: struct.Struct(">I"), False: struct.Struct("<I")}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How elements are laid out."""

    implicit: bool = False
    big: bool = False


class Element(NamedTuple):
    """Where a value lies: bytes `start` to `end` of the data."""

    vr: bytes
    """Two letters, or b"" where the file leaves it out (implicit VR)."""
    start: int
    end: int
    """Behind the delimiter where one ends the value."""
    encapsulated: bool = False
    """Pixel data in fragments."""


class _Box(NamedTuple):
    """The data set, a sequence or an item that is being read."""

    end: int
    """Beyond the file where only a delimiter ends it."""
    limit: int
    """No value inside may reach beyond: the end of the nearest holder that states one, or of the file."""
    implicit: bool
    big: bool


def read_elements(
    data: bytes, start: int, encoding: Encoding, groups: range = ALL_GROUPS
) -> dict[int, Element]:
    """Top-level elements by tag, from `start` up to the pixel data or the first group not in `groups`.

    Raises:
        Refused: TRUNCATED, ELEMENT_LENGTH_BEYOND_FILE, TOO_DEEP, TOO_MANY_ELEMENTS or BAD_HEADER.
    """
    return _Walk(data, encoding).read(start, groups)


def read_data_set(data: bytes, start: int, encoding: Encoding) -> tuple[dict[int, Element], bool]:
    """Likewise, and whether items outside of any sequence were passed over, of which nothing is used.

    Raises:
        Refused: as read_elements.
    """
    walk = _Walk(data, encoding)
    return walk.read(start, ALL_GROUPS), walk.stray is not None


def end_of_items(data: bytes, start: int, encoding: Encoding) -> int:
    """Behind the delimiter that ends a sequence of undefined length whose first item is at `start`.

    Raises:
        Refused: as read_elements.
    """
    walk = _Walk(data, encoding)
    walk.enter_sequence()
    walk.read(start, ALL_GROUPS)
    return walk.position


class _Walk:
    """Steps from header to header: behind a value, or into it where that may hold items."""

    def __init__(self, data: bytes, encoding: Encoding) -> None:
        self.data, self.size = data, len(data)
        self.boxes = [_Box(self.size, self.size, encoding.implicit, encoding.big)]
        self.found: dict[int, Element] = {}
        self.last = 0
        """The top-level tag that was met last."""
        self.position = 0
        """Where reading stopped."""
        self.stray: tuple[int, dict[int, Element]] | None = None
        """The highest tag, and what was found, before a delimiter that belongs to no sequence."""

    def enter_sequence(self) -> None:
        """Read one sequence's items instead of a data set, up to where its delimiter ends it."""
        self.boxes[0] = self.boxes[0]._replace(end=0)
        self._open(None, self.boxes[0].implicit, self.boxes[0].big)

    def read(self, position: int, groups: range) -> dict[int, Element]:
        data, size, found, boxes = self.data, self.size, self.found, self.boxes
        little, big_, short = _HEADERS[False].unpack_from, _HEADERS[True].unpack_from, SHORT
        count = 0
        while True:
            end, limit, implicit, big = boxes[-1]
            if position >= end:
                if len(boxes) == 1:
                    self.position = position
                    return self._settled()
                boxes.pop()
                continue
            if position + 8 > size:
                raise Refused(Reason.TRUNCATED, {"expected_bytes": position + 8, "actual_bytes": size})
            group, number, vr, length = big_(data, position) if big else little(data, position)
            is_top = len(boxes) == 1
            if is_top and group not in groups:
                return self._settled()
            count += 1
            if count > MAX_ELEMENTS:
                raise Refused(Reason.TOO_MANY_ELEMENTS, {"limit": MAX_ELEMENTS})
            # The usual case first: a short value that ends within what holds it.
            if not implicit and group != 0xFFFE and vr in short and position + 8 + length <= limit:
                position += 8
                if is_top:
                    found[group << 16 | number] = Element(vr, position, position + length)
                position += length
                continue
            tag = group << 16 | number
            position = self._unusual(tag, vr, position)
            if is_top and tag in PIXEL_KINDS:
                return self._settled()

    def _unusual(self, tag: int, vr: bytes, position: int) -> int:
        """Where to go on from any other element."""
        if len(self.boxes) == 1:
            self.last = tag
        if tag >> 16 == 0xFFFE:
            return self._delimiter(tag, position)
        vr, start, length = self._header(vr, position)
        if length == UNDEFINED:
            return self._enter_undefined(tag, vr, start)
        return self._pass_defined(tag, vr, start, start + length)

    def _header(self, vr: bytes, position: int) -> tuple[bytes, int, int]:
        """VR, where the value starts, its length."""
        _, _, implicit, big = self.boxes[-1]
        # Some writers drop single implicit elements into explicit files; a VR is always two known letters.
        if not implicit and vr in SHORT:
            return vr, position + 8, _HEADERS[big].unpack_from(self.data, position)[3]
        is_long = not implicit and vr in LONG
        start = position + (12 if is_long else 8)
        if start > self.size:
            raise Refused(Reason.TRUNCATED, {"expected_bytes": start, "actual_bytes": self.size})
        return vr if is_long else b"", start, _LENGTHS[big].unpack_from(self.data, start - 4)[0]

    def _delimiter(self, tag: int, position: int) -> int:
        box = self.boxes[-1]
        length = _LENGTHS[box.big].unpack_from(self.data, position + 4)[0]
        start = position + 8
        if tag == ITEM and len(self.boxes) > 1:
            implicit = box.implicit and not self._states_vr(start, box)
            self._open(None if length == UNDEFINED else start + length, implicit, box.big)
            return start
        if tag in (ITEM_END, SEQUENCE_END) and len(self.boxes) > 1:
            self.boxes.pop()
            if len(self.boxes) == 1 and self.last in self.found:
                self.found[self.last] = self.found[self.last]._replace(end=start)
            return start
        if len(self.boxes) == 1:
            return self._pass_stray(tag, position, start, length)
        return self._escape("delimiter", position)

    def _states_vr(self, position: int, box: _Box) -> bool:
        """Whether an item of an implicit file is explicit, as archives write that do not know its sequence.

        The two letters of a VR are then read as part of a length, and no file is so long.
        """
        vr = self.data[position + 4 : position + 6]
        if vr not in SHORT and vr not in LONG:
            return False
        length: int = _LENGTHS[box.big].unpack_from(self.data, position + 4)[0]
        return position + 8 + length > box.limit

    def _pass_stray(self, tag: int, position: int, start: int, length: int) -> int:
        """Over an item or a delimiter whose sequence lost its header, or said that it is empty."""
        end = start + (length if tag == ITEM else 0)
        if length == UNDEFINED or end > self.size:
            return self._escape("delimiter", position)
        if self.stray is None:
            self.stray = max(self.found, default=0), dict(self.found)
        return end

    def _settled(self) -> dict[int, Element]:
        """What was found; behind a stray delimiter, elements that fall back in order are a lost item's."""
        if self.stray is None:
            return self.found
        highest, before = self.stray
        return before | {tag: element for tag, element in self.found.items() if tag > highest}

    def _enter_undefined(self, tag: int, vr: bytes, start: int) -> int:
        is_top, box = len(self.boxes) == 1, self.boxes[-1]
        if tag == PIXEL_DATA and is_top:
            end = end_of_fragments(self.data, start, box.big)
            self.found[tag] = Element(vr, start, end, encapsulated=True)
            return end
        if is_top:
            self.found[tag] = Element(vr, start, self.size)
        # An unknown VR of undefined length is a sequence in implicit little endian (PS3.5 §6.2.2).
        is_unknown = vr == b"UN"
        self._open(None, box.implicit or is_unknown, box.big and not is_unknown)
        return start

    def _pass_defined(self, tag: int, vr: bytes, start: int, end: int) -> int:
        box = self.boxes[-1]
        if end > box.limit:
            return self._overrun(tag, end, start)
        if len(self.boxes) == 1:
            self.found[tag] = Element(vr, start, end)
        is_sequence = vr == b"SQ" or (not vr and self.data[start : start + 4] == _ITEM_BYTES[box.big])
        if is_sequence and end > start and tag not in PIXEL_KINDS:
            self._open(end, box.implicit, box.big)
            return start
        return end

    def _open(self, end: int | None, implicit: bool, big: bool) -> None:
        limit = self.boxes[-1].limit if end is None else min(end, self.boxes[-1].limit)
        self.boxes.append(_Box(self.size + 1 if end is None else limit, limit, implicit, big))
        if len(self.boxes) > 2 * MAX_DEPTH + 1:  # a sequence and its item count as one level
            raise Refused(Reason.TOO_DEEP, {"limit": MAX_DEPTH})

    def _overrun(self, tag: int, end: int, position: int) -> int:
        """A value reaches beyond what holds it: the file, or a sequence of a stated length."""
        if end > self.size and all(box.end > self.size for box in self.boxes[1:]):
            # No file was cut by two gigabytes: such a length was never true.
            absurd = end - self.size >= 2**31
            reason = Reason.ELEMENT_LENGTH_BEYOND_FILE if absurd else Reason.TRUNCATED
            raise Refused(reason, {"expected_bytes": end, "actual_bytes": self.size, "tag": f"{tag:08x}"})
        return self._escape("length", position)

    def _escape(self, problem: str, position: int) -> int:
        """Skip a sequence that contradicts itself, as far as its own length says; nothing in it is used."""
        for depth, box in enumerate(self.boxes[1:], 1):
            if box.end <= self.size:
                del self.boxes[depth:]
                return box.end
        raise Refused(Reason.BAD_HEADER, {"problem": problem, "offset": position})


def end_of_fragments(data: bytes, start: int, big: bool) -> int:
    """Behind the delimiter that ends encapsulated pixel data.

    Raises:
        Refused: BAD_HEADER or TRUNCATED.
    """
    layout = struct.Struct(">HHI" if big else "<HHI")
    position, count = start, 0
    while position + 8 <= len(data):
        check_chunks(count := count + 1)
        group, number, length = layout.unpack_from(data, position)
        position += 8
        if (group << 16 | number) == SEQUENCE_END:
            return position
        if (group << 16 | number) != ITEM or length == UNDEFINED:
            raise Refused(Reason.BAD_HEADER, {"problem": "fragment", "offset": position - 8})
        position += length
    raise Refused(Reason.TRUNCATED, {"expected_bytes": position + 8, "actual_bytes": len(data)})


def fragments(data: bytes, pixels: Element, big: bool) -> list[bytes]:
    """The fragments of encapsulated pixel data, without the offset table that comes first."""
    layout = _LENGTHS[big]
    parts, position = [], pixels.start
    while position + 8 < pixels.end:
        length = layout.unpack_from(data, position + 4)[0]
        parts.append(data[position + 8 : position + 8 + length])
        position += 8 + length
    return parts[1:]
