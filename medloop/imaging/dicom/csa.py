"""Siemens' CSA header: a list of named values within one private element."""

import struct
from typing import Final

MARK: Final = b"SV10\x04\x03\x02\x01"
_MOST_TAGS, _MOST_ITEMS = 500, 200
_TAG: Final = struct.Struct("<64si4siii")
_ITEM: Final = struct.Struct("<4i")


def csa_values(content: bytes, name: bytes) -> list[str]:
    """The values that stand under a name; [] where it is missing or the header is none.

    Damaged headers end where they stop making sense; a name whose values are cut short is missing.
    """
    position = 16 if content.startswith(MARK) else 8
    try:
        (count,) = struct.unpack_from("<I", content, position - 8)
        for _ in range(min(count, _MOST_TAGS)):
            found, position, values = _tag(content, position)
            if found == name:
                return values
    except (struct.error, ValueError):
        pass
    return []


def _tag(content: bytes, position: int) -> tuple[bytes, int, list[str]]:
    name, _, _, _, items, _ = _TAG.unpack_from(content, position)
    position += _TAG.size
    if not 0 <= items <= _MOST_ITEMS:
        raise ValueError("not a number of items")
    values = []
    for _ in range(items):
        lengths = _ITEM.unpack_from(content, position)
        position += _ITEM.size
        # The second of the four is the length in the newer form, the first in the older one.
        length = lengths[1] if content.startswith(MARK) else lengths[0]
        if not 0 <= length <= len(content) - position:
            raise ValueError("not a length, or cut short")
        text = content[position : position + length].split(b"\x00", 1)[0].strip()
        if text:
            values.append(text.decode("ascii", "ignore"))
        position += -(-length // 4) * 4
    return name.split(b"\x00", 1)[0], position, values
