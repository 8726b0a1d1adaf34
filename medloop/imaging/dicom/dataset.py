"""A DICOM data set as found, the file's own or one in a sequence: values are interpreted when asked for."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from medloop.imaging.dicom.elements import ITEM, ITEM_GROUPS, UNDEFINED, Element, Encoding, read_elements

_ITEM_HEADER = 8


@dataclass(frozen=True)
class DataSet:
    data: bytes
    """What the elements point into."""
    elements: dict[int, Element]
    encoding: Encoding

    def content(self, tag: int) -> bytes:
        """The value's bytes as they are; b"" where the element is missing."""
        element = self.elements.get(tag)
        return self.data[element.start : element.end] if element else b""

    def raw(self, tag: int) -> bytes:
        """The value's bytes without padding."""
        return self.content(tag).strip(b"\x00 ")

    def word(self, tag: int) -> str:
        """A code string or UID; characters outside ASCII are dropped."""
        return self.raw(tag).decode("ascii", "ignore").strip()

    def decimals(self, tag: int) -> tuple[float, ...]:
        """Decimal strings; () where the element is missing or one of them is no finite number."""
        try:
            numbers = tuple(float(part) for part in self.word(tag).split("\\"))
        except ValueError:
            return ()
        return numbers if all(math.isfinite(number) for number in numbers) else ()

    def items(self, tag: int) -> Iterator["DataSet"]:
        """The items of a sequence; none where the element is missing or no sequence."""
        sequence = self.elements.get(tag)
        if sequence is None:
            return
        position = sequence.start
        order: Literal["big", "little"] = "big" if self.encoding.big else "little"
        # A sequence under an unknown VR is implicit little endian (PS3.5 §6.2.2).
        inner = Encoding(implicit=True) if sequence.vr == b"UN" else self.encoding
        while position + _ITEM_HEADER <= sequence.end:
            group, number, length = (
                int.from_bytes(self.data[position + at : position + at + size], order)
                for at, size in ((0, 2), (2, 2), (4, 4))
            )
            if group << 16 | number != ITEM:
                return
            position += _ITEM_HEADER
            item, size = self._item(position, length, inner)
            yield item
            position += size

    def _item(self, start: int, length: int, encoding: Encoding) -> tuple["DataSet", int]:
        """The item and how many bytes it takes up, its delimiter included."""
        if length == UNDEFINED:
            elements = read_elements(self.data, start, encoding, ITEM_GROUPS)
            end = max((element.end for element in elements.values()), default=start)
            return DataSet(self.data, elements, encoding), end + _ITEM_HEADER - start
        # Cut out, so that nothing in it can reach beyond it.
        content = self.data[start : start + length]
        return DataSet(content, read_elements(content, 0, encoding), encoding), length
