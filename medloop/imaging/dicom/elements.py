"""Finds the elements of a DICOM data set without building them, in bounded time and memory.

pydicom parses eagerly: five thousand nested sequences end in a RecursionError, a length of 0xFFFFFFF0 in
a MemoryError, 200 000 elements in three seconds. Here nothing is copied and nothing recurses; a value is
looked at only when asked for.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from medloop.imaging.dicom.vr import KNOWN, LONG
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
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_ITEM_BYTES = {True: b"\xff\xfe\xe0\x00", False: b"\xfe\xff\x00\xe0"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How elements are laid out."""

    implicit: bool = False
    big: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """Where a value lies: bytes `start` to `end` of the data."""

    vr: bytes
    """Two letters, or b"" where the file leaves it out (implicit VR)."""
    start: int
    end: int
    encapsulated: bool = False
    """Pixel data in fragments: `end` lies behind the last one."""


@dataclass
class _Container:
    """A sequence or an item that is being read."""

    end: int | None
    """None where only a delimiter ends it."""
    limit: int
    """No value inside may reach beyond: the end of the nearest holder that states one, or of the file."""
    encoding: Encoding


@dataclass
class _Walk:
    data: bytes
    position: int
    encoding: Encoding
    found: dict[int, Element] = field(default_factory=dict)
    open: list[_Container] = field(default_factory=list)
    count: int = 0


def read_elements(
    data: bytes, start: int, encoding: Encoding, groups: range = ALL_GROUPS
) -> dict[int, Element]:
    """Top-level elements by tag, from `start` up to the pixel data or the first group not in `groups`.

    Raises:
        Refused: TRUNCATED, ELEMENT_LENGTH_BEYOND_FILE, TOO_DEEP, TOO_MANY_ELEMENTS or BAD_HEADER.
    """
    walk = _Walk(data, start, encoding)
    while _leave_finished(walk) or walk.position < len(data):
        if not walk.open and _group(data, walk.position, encoding.big) not in groups:
            break
        if _step(walk) in PIXEL_KINDS:
            break
    return walk.found


def _group(data: bytes, position: int, big: bool) -> int:
    return int.from_bytes(data[position : position + 2], "big" if big else "little")


def _leave_finished(walk: _Walk) -> bool:
    while walk.open and walk.open[-1].end is not None and walk.position >= walk.open[-1].end:
        walk.open.pop()
    return bool(walk.open)


def _step(walk: _Walk) -> int:
    """Read one element header and move behind it, or into it; the tag when it was a top-level one."""
    data, position = walk.data, walk.position
    encoding = walk.open[-1].encoding if walk.open else walk.encoding
    if position + 8 > len(data):
        raise Refused(Reason.TRUNCATED, {"expected_bytes": position + 8, "actual_bytes": len(data)})
    walk.count += 1
    if walk.count > MAX_ELEMENTS:
        raise Refused(Reason.TOO_MANY_ELEMENTS, {"limit": MAX_ELEMENTS})
    group, number = struct.unpack_from(">HH" if encoding.big else "<HH", data, position)
    tag = group << 16 | number
    if group == 0xFFFE:
        return _step_delimiter(walk, tag, encoding)
    vr, start, length = _header(data, position, encoding)
    if length == UNDEFINED:
        return _enter_undefined(walk, tag, vr, start, encoding)
    return _pass_defined(walk, tag, vr, start, start + length, encoding)


def _header(data: bytes, position: int, encoding: Encoding) -> tuple[bytes, int, int]:
    """VR, where the value starts, its length."""
    vr = data[position + 4 : position + 6]
    order = ">" if encoding.big else "<"
    # Some writers drop single implicit elements into explicit files; a VR is always two known letters.
    if encoding.implicit or vr not in KNOWN:
        return b"", position + 8, struct.unpack_from(order + "I", data, position + 4)[0]
    if vr not in LONG:
        return vr, position + 8, struct.unpack_from(order + "H", data, position + 6)[0]
    if position + 12 > len(data):
        raise Refused(Reason.TRUNCATED, {"expected_bytes": position + 12, "actual_bytes": len(data)})
    return vr, position + 12, struct.unpack_from(order + "I", data, position + 8)[0]


def _step_delimiter(walk: _Walk, tag: int, encoding: Encoding) -> int:
    length = struct.unpack_from(">I" if encoding.big else "<I", walk.data, walk.position + 4)[0]
    start = walk.position + 8
    if tag == _ITEM and walk.open:
        walk.position = start
        _open(walk, None if length == UNDEFINED else start + length, encoding)
    elif tag in (_ITEM_END, _SEQUENCE_END) and walk.open:
        walk.position = start
        walk.open.pop()
    else:
        _escape(walk, "delimiter")
    return 0


def _enter_undefined(walk: _Walk, tag: int, vr: bytes, start: int, encoding: Encoding) -> int:
    if tag == PIXEL_DATA and not walk.open:
        end = _end_of_fragments(walk.data, start, encoding)
        walk.found[tag] = Element(vr, start, end, encapsulated=True)
        walk.position = end
        return tag
    # An unknown VR of undefined length is a sequence in implicit little endian (PS3.5 §6.2.2).
    inner = Encoding(implicit=True) if vr == b"UN" else encoding
    walk.position = start
    if not walk.open:
        walk.found[tag] = Element(vr, start, len(walk.data))
    _open(walk, None, inner)
    return 0


def _pass_defined(walk: _Walk, tag: int, vr: bytes, start: int, end: int, encoding: Encoding) -> int:
    if end > _limit(walk):
        return _overrun(walk, tag, end)
    if not walk.open:
        walk.found[tag] = Element(vr, start, end)
    is_sequence = vr == b"SQ" or (not vr and walk.data[start : start + 4] == _ITEM_BYTES[encoding.big])
    if is_sequence and end > start and tag not in PIXEL_KINDS:
        walk.position = start
        _open(walk, end, encoding)
    else:
        walk.position = end
    return 0 if walk.open else tag


def _limit(walk: _Walk) -> int:
    return walk.open[-1].limit if walk.open else len(walk.data)


def _open(walk: _Walk, end: int | None, encoding: Encoding) -> None:
    limit = _limit(walk) if end is None else min(end, _limit(walk))
    walk.open.append(_Container(None if end is None else limit, limit, encoding))
    if len(walk.open) > 2 * MAX_DEPTH:  # a sequence and its item count as one level
        raise Refused(Reason.TOO_DEEP, {"limit": MAX_DEPTH})


def _overrun(walk: _Walk, tag: int, end: int) -> int:
    """A value reaches beyond what holds it: the file, or a sequence of a stated length."""
    size = len(walk.data)
    if end > size and all(box.end is None for box in walk.open):
        # No file was cut by two gigabytes: such a length was never true.
        absurd = end - size >= 2**31
        reason = Reason.ELEMENT_LENGTH_BEYOND_FILE if absurd else Reason.TRUNCATED
        raise Refused(reason, {"expected_bytes": end, "actual_bytes": size, "tag": f"{tag:08x}"})
    _escape(walk, "length")
    return 0


def _escape(walk: _Walk, problem: str) -> None:
    """Skip a sequence that contradicts itself where its own length says how far; nothing in it is used."""
    for depth, box in enumerate(walk.open):
        if box.end is not None and box.end <= len(walk.data):
            walk.position = box.end
            del walk.open[depth:]
            return
    raise Refused(Reason.BAD_HEADER, {"problem": problem, "offset": walk.position})


def _end_of_fragments(data: bytes, start: int, encoding: Encoding) -> int:
    """Behind the delimiter that ends encapsulated pixel data."""
    layout = struct.Struct(">HHI" if encoding.big else "<HHI")
    position, count = start, 0
    while position + 8 <= len(data):
        check_chunks(count := count + 1)
        group, number, length = layout.unpack_from(data, position)
        position += 8
        if (group << 16 | number) == _SEQUENCE_END:
            return position
        if (group << 16 | number) != _ITEM or length == UNDEFINED:
            raise Refused(Reason.BAD_HEADER, {"problem": "fragment", "offset": position - 8})
        position += length
    raise Refused(Reason.TRUNCATED, {"expected_bytes": position + 8, "actual_bytes": len(data)})


def fragments(data: bytes, pixels: Element, big: bool) -> list[bytes]:
    """The fragments of encapsulated pixel data, without the offset table that comes first."""
    layout = struct.Struct(">I" if big else "<I")
    parts, position = [], pixels.start
    while position + 8 < pixels.end:
        length = layout.unpack_from(data, position + 4)[0]
        parts.append(data[position + 8 : position + 8 + length])
        position += 8 + length
    return parts[1:]
