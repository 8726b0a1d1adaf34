"""Segmented palettes (PS3.3 C.7.9.2): entries one by one, straight lines, and copies of earlier segments."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medloop.rules.reasons import Reason, Refused

_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
_FIELD: Final = {"field": "SegmentedPaletteColorLookupTableData"}


def expand_segments(words: NDArray[np.unsignedinteger[Any]], count: int) -> list[int]:
    """The `count` entries that the segments describe.

    Raises:
        Refused: BAD_HEADER for an unknown or empty segment, or another number of entries.
    """
    entries: list[int] = []
    position = 0
    try:
        while position < len(words) and len(entries) < count:
            if words[position] == _INDIRECT:
                position = _copy(words, position, entries, count)
            else:
                position = _expand(words, position, entries)
    except IndexError:
        raise Refused(Reason.BAD_HEADER, {**_FIELD, "problem": "short"}) from None
    if len(entries) != count:
        raise Refused(Reason.BAD_HEADER, {**_FIELD, "entries": len(entries), "expected": count})
    return entries


def _expand(words: NDArray[Any], position: int, entries: list[int]) -> int:
    """Appends a discrete or linear segment; where the next one starts."""
    kind, length = int(words[position]), int(words[position + 1])
    if length == 0 or kind not in (_DISCRETE, _LINEAR) or (kind == _LINEAR and not entries):
        raise Refused(Reason.BAD_HEADER, {**_FIELD, "problem": "segment"})
    if kind == _DISCRETE:
        entries += words[position + 2 : position + 2 + length].tolist()
        return position + 2 + length
    start, end = entries[-1], int(words[position + 2])
    entries += np.rint(np.linspace(start, end, length + 1)[1:]).astype(int).tolist()
    return position + 3


def _copy(words: NDArray[Any], position: int, entries: list[int], count: int) -> int:
    """Expands as many earlier segments again as the indirect one says, from the byte that it names."""
    width = words.dtype.itemsize
    offset_words = 4 // width
    offset = sum(int(words[position + 2 + at]) << (8 * width * at) for at in range(offset_words))
    source = offset // width
    for _ in range(int(words[position + 1])):
        if source >= position or len(entries) > count:
            raise Refused(Reason.BAD_HEADER, {**_FIELD, "problem": "copy"})
        source = _expand(words, source, entries)
    return position + 2 + offset_words
