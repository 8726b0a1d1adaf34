"""DICOM look-up tables: one number per stored value, or line segments that describe them (PS3.3 C.7.9)."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.segments import expand_segments
from medloop.rules.reasons import Reason, Refused

Table = NDArray[np.unsignedinteger[Any]]

_DESCRIPTORS: Final = (0x00281101, 0x00281102, 0x00281103)
_TABLES: Final = (0x00281201, 0x00281202, 0x00281203)
_SEGMENTS: Final = (0x00281221, 0x00281222, 0x00281223)
_MAX_ENTRIES: Final = 65536


def palette_to_rgb(indices: NDArray[Any], file: DataSet, signed: bool) -> NDArray[np.unsignedinteger[Any]]:
    """Each stored value looked up in the red, green and blue table; values outside take the nearest entry.

    Raises:
        Refused: BAD_HEADER for a missing, short or contradictory table.
    """
    rgb = np.empty((*indices.shape, 3), dtype=np.uint16)
    for channel, (descriptor, table, segments) in enumerate(
        zip(_DESCRIPTORS, _TABLES, _SEGMENTS, strict=True)
    ):
        content = file.content(table) or _expanded(file, descriptor, segments)
        entries, first = lookup_table(file.content(descriptor), content, file.encoding.big, signed)
        places = np.clip(indices.astype(np.int64) - first, 0, len(entries) - 1)
        rgb[..., channel] = entries[places]
    return rgb


def lookup_table(descriptor: bytes, content: bytes, big: bool, signed: bool) -> tuple[Table, int]:
    """A table's entries, and the stored value that the first one belongs to.

    Raises:
        Refused: BAD_HEADER where the table is missing, or shorter than its descriptor says.
    """
    order = ">" if big else "<"
    count, first, bits = _described(descriptor, big)
    if signed and first >= 32768:
        first -= 65536
    # Eight-bit entries are stored two to a word, or one to a word: the length tells.
    width = 1 if bits <= 8 and len(content) in (count, count + 1) else 2
    if bits not in range(1, 17) or len(content) < count * width:
        raise Refused(Reason.BAD_HEADER, {"field": "LUTData", "entries": count, "actual_bytes": len(content)})
    return np.frombuffer(content, f"{order}u{width}", count), first


def _described(descriptor: bytes, big: bool) -> tuple[int, int, int]:
    """Number of entries, first stored value, bits of an entry."""
    if len(descriptor) != 6:
        raise Refused(Reason.BAD_HEADER, {"field": "LUTDescriptor"})
    count, first, bits = (int(number) for number in np.frombuffer(descriptor, ">u2" if big else "<u2"))
    return count or _MAX_ENTRIES, first, bits


def _expanded(file: DataSet, descriptor: int, segments: int) -> bytes:
    """A segmented table written out; b"" where there is none."""
    content, big = file.content(segments), file.encoding.big
    if not content:
        return b""
    count, _, bits = _described(file.content(descriptor), big)
    dtype = f"{'>' if big else '<'}u{1 if bits <= 8 else 2}"
    words = np.frombuffer(content, dtype, len(content) // np.dtype(dtype).itemsize)
    return np.array(expand_segments(words, count), dtype).tobytes()
