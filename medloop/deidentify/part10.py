"""The file around a data set (PS3.10 §7): an empty preamble, and a meta group that names nobody."""

import re
import struct
from typing import Final

from medloop.deidentify.elements import element
from medloop.imaging.dicom.elements import PIXEL_DATA, Encoding
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Codec

_EXPLICIT: Final = Encoding()
_IMPLEMENTATION: Final = b"2.25.189338563062353148214262906518297042151"
_VERSION: Final = b"MEDLOOP"
_SOP_CLASS: Final = 0x00080016
_UID: Final = re.compile(rb"[0-9.]{1,64}")


def part10_header(file: DicomFile, sop_uid: bytes) -> bytes:
    """Preamble, prefix and file meta information."""
    stated = (file.raw(_SOP_CLASS), file.media_sop_class.encode("latin-1"))
    sop_class = next(filter(_UID.fullmatch, stated), b"")
    group = b"".join(
        (
            element(0x00020001, b"OB", b"\x00\x01", _EXPLICIT),
            element(0x00020002, b"UI", sop_class, _EXPLICIT),
            element(0x00020003, b"UI", sop_uid, _EXPLICIT),
            element(0x00020010, b"UI", transfer_syntax(file).encode(), _EXPLICIT),
            element(0x00020012, b"UI", _IMPLEMENTATION, _EXPLICIT),
            element(0x00020013, b"SH", _VERSION, _EXPLICIT),
        )
    )
    return bytes(128) + b"DICM" + element(0x00020000, b"UL", struct.pack("<I", len(group)), _EXPLICIT) + group


def transfer_syntax(file: DicomFile) -> str:
    """As the data set is laid out, whatever the file said; what was deflated is so no more."""
    pixels = file.elements.get(PIXEL_DATA)
    if file.syntax.codec is not Codec.NATIVE or (pixels and pixels.encapsulated):
        return file.syntax.uid
    if file.encoding.implicit:
        return IMPLICIT_LITTLE.uid
    return (EXPLICIT_BIG if file.encoding.big else EXPLICIT_LITTLE).uid
