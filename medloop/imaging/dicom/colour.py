"""Colour spaces of DICOM turned into RGB: luminance and chrominance (PS3.3 C.7.6.3.1.2), palettes."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.header import Header
from medloop.rules.reasons import Reason, Refused

_YBR_TO_RGB: Final = np.array([[1, 1, 1], [0, -0.344136, 1.772], [1.402, -0.714136, 0]], dtype=np.float32)
_DESCRIPTORS: Final = (0x00281101, 0x00281102, 0x00281103)
_TABLES: Final = (0x00281201, 0x00281202, 0x00281203)


def upsample_422(flat: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """Y Y Cb Cr for every two neighbours, back to Y Cb Cr for each."""
    pairs = flat.reshape(rows, columns // 2, 4)
    values = np.empty((rows, columns, 3), dtype=flat.dtype)
    values[:, ::2, 0], values[:, 1::2, 0] = pairs[:, :, 0], pairs[:, :, 1]
    values[:, :, 1:] = np.repeat(pairs[:, :, 2:], 2, axis=1)
    return values


def ybr_to_rgb(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """YBR_FULL to RGB, rounded and clipped to the same integers."""
    shifted = values.astype(np.float32)
    shifted[..., 1:] -= 1 << (bits - 1)
    rgb = shifted @ _YBR_TO_RGB
    np.rint(rgb, out=rgb)
    np.clip(rgb, 0, (1 << bits) - 1, out=rgb)
    return rgb.astype(values.dtype)


def palette_to_rgb(indices: NDArray[Any], file: DicomFile, header: Header) -> NDArray[Any]:
    """Each stored value looked up in the red, green and blue table; values outside take the nearest entry.

    Raises:
        Refused: BAD_HEADER for a missing or short table, UNDECODABLE for a segmented one.
    """
    rgb = np.empty((*indices.shape, 3), dtype=np.uint16)
    for channel, (descriptor, table) in enumerate(zip(_DESCRIPTORS, _TABLES, strict=True)):
        if table not in file.elements and table + 0x20 in file.elements:
            raise Refused(Reason.UNDECODABLE, {"photometric": "palette_segmented"})
        entries, first = _table(file, descriptor, table, header.signed)
        places = np.clip(indices.astype(np.int64) - first, 0, len(entries) - 1)
        rgb[..., channel] = entries[places]
    return rgb


def lookup_table(
    descriptor: bytes, content: bytes, big: bool, signed: bool
) -> tuple[NDArray[np.unsignedinteger[Any]], int]:
    """A DICOM look-up table: its entries and the stored value that the first one belongs to.

    Raises:
        Refused: BAD_HEADER where the table is missing, or shorter than its descriptor says.
    """
    order = ">" if big else "<"
    if len(descriptor) != 6:
        raise Refused(Reason.BAD_HEADER, {"field": "LUTDescriptor"})
    count, first, bits = (int(n) for n in np.frombuffer(descriptor, f"{order}u2"))
    count = count or 65536
    if signed and first >= 32768:
        first -= 65536
    # Eight-bit entries are stored two to a word, or one to a word: the length tells.
    width = 1 if bits <= 8 and len(content) in (count, count + 1) else 2
    if bits not in range(1, 17) or len(content) < count * width:
        raise Refused(Reason.BAD_HEADER, {"field": "LUTData", "entries": count, "actual_bytes": len(content)})
    return np.frombuffer(content, f"{order}u{width}", count), first


def _table(
    file: DicomFile, descriptor: int, table: int, signed: bool
) -> tuple[NDArray[np.unsignedinteger[Any]], int]:
    found = [file.elements.get(tag) for tag in (descriptor, table)]
    values = [file.data[item.start : item.end] if item else b"" for item in found]
    return lookup_table(values[0], values[1], file.encoding.big, signed)
