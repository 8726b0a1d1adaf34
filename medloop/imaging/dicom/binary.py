"""Numbers that DICOM stores in binary, or as text where a writer lost the type."""

import math
import struct
from typing import Final

from medloop.imaging.dicom.dataset import DataSet

MOST: int = 2**31 - 1
"""Larger whole numbers than any header field means."""

_CODES: Final = {b"FL": "f", b"FD": "d"}


def unsigned(dataset: DataSet, tag: int) -> int | None:
    """The first US or UL value; None where the element is missing or of another length."""
    element = dataset.elements.get(tag)
    content = dataset.content(tag)
    size = 4 if element is not None and element.vr == b"UL" else 2
    if len(content) < size or len(content) > 4 * size:
        return None
    if not element or (not element.vr and len(content) == 4):
        size = len(content)  # implicit: the length tells
    return int.from_bytes(content[:size], "big" if dataset.encoding.big else "little")


def real(dataset: DataSet, tag: int) -> float | None:
    """The first FL, FD, DS or IS value; told apart by length and content where the type is lost."""
    element = dataset.elements.get(tag)
    content = dataset.content(tag)
    code = _CODES.get(element.vr if element else b"")
    if code is None and _is_text(content):
        return next(iter(dataset.decimals(tag)), None)
    code = code or {4: "f", 8: "d"}.get(len(content))
    if code is None or len(content) < struct.calcsize(code):
        return None
    value = float(struct.unpack_from(f"{'>' if dataset.encoding.big else '<'}{code}", content)[0])
    return value if math.isfinite(value) else None


def _is_text(content: bytes) -> bool:
    """Whether these may be digits; padding alone is none, but zero in binary."""
    return not content.strip(b"0123456789+-.eE \\\x00") and bool(content.strip(b" \x00"))


def whole(dataset: DataSet, tag: int) -> int:
    """An integer string; 0 where the element is missing or no reasonable number."""
    numbers = dataset.decimals(tag)
    return int(numbers[0]) if numbers and abs(numbers[0]) <= MOST else 0
