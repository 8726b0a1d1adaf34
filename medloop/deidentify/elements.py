"""How DICOM elements are written: headers, padding, dummy values (PS3.5 §6.2, §7.1)."""

import struct
from typing import Final

from medloop.imaging.dicom.elements import Encoding
from medloop.imaging.dicom.vr import LONG

_PADDED_WITH_NULL: Final = frozenset({b"UI", b"OB", b"UN"})

ANON: Final = b"ANON"
"""Stands for every text that may not stay and must not be empty."""

_NUMBER: Final = {b"US": 2, b"SS": 2, b"AT": 4, b"FL": 4, b"SL": 4, b"UL": 4, b"OF": 4, b"OL": 4, b"OW": 2}
_DUMMIES: Final = {
    b"AS": b"000Y",
    b"CS": ANON,
    b"DA": b"19000101",
    b"DS": b"0",
    b"DT": b"19000101000000",
    b"IS": b"0",
    b"TM": b"000000",
    b"UR": b"urn:anon",
}
_TEXT: Final = frozenset({b"AE", b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UT"})


def dummy(vr: bytes) -> bytes:
    """A value that means nothing and that the VR allows."""
    if vr in _TEXT:
        return ANON
    return _DUMMIES.get(vr, bytes(_NUMBER.get(vr, 8)))


def element(tag: int, vr: bytes, value: bytes, encoding: Encoding) -> bytes:
    """The whole element, its value padded to an even length."""
    if len(value) % 2:
        value += b"\x00" if vr in _PADDED_WITH_NULL else b" "
    return header(tag, vr, len(value), encoding) + value


def header(tag: int, vr: bytes, length: int, encoding: Encoding) -> bytes:
    """`length` may be UNDEFINED where the VR's is written in four bytes."""
    order = ">" if encoding.big else "<"
    if encoding.implicit:
        return struct.pack(f"{order}HHI", tag >> 16, tag & 0xFFFF, length)
    if vr in LONG:
        return struct.pack(f"{order}HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, length)
    return struct.pack(f"{order}HH2sH", tag >> 16, tag & 0xFFFF, vr, length)


def sequence(tag: int, items: list[bytes], encoding: Encoding) -> bytes:
    """A sequence of items with their lengths stated."""
    order = ">" if encoding.big else "<"
    whole = b"".join(struct.pack(f"{order}HHI", 0xFFFE, 0xE000, len(item)) + item for item in items)
    return header(tag, b"SQ", len(whole), encoding) + whole
