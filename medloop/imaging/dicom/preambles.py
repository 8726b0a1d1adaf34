"""The 128 bytes before a DICOM file (PS3.10 §7.1): free for any use, so also for a program's beginning."""

import re
from typing import Final

PREAMBLE_BYTES: Final = 128
PREFIX: Final = b"DICM"

_PROGRAMS: Final = (
    b"MZ",  # Windows; CVE-2019-11687
    b"\x7fELF",  # Linux
    b"\xfe\xed\xfa\xce",  # macOS, of 32 and 64 bits, in both byte orders, and for several processors
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\xca\xfe\xba\xbf",
    b"#!",  # scripts
)


_FIRST_ELEMENT: Final = re.compile(
    rb"\x08\x00[\x00\x01\x05\x06\x08\x12\x13\x14\x16\x18]\x00(UL|CS|SH|DA|TM|UI)"
)
"""Of a data set that starts at once: group 0008 comes first, in explicit little endian."""


def has_preamble(data: bytes) -> bool:
    """A station called DICMA1 may have its name where the prefix would be."""
    if data[PREAMBLE_BYTES : PREAMBLE_BYTES + len(PREFIX)] != PREFIX:
        return False
    meta_follows = data[PREAMBLE_BYTES + len(PREFIX) :].startswith(b"\x02\x00")
    return meta_follows or not _FIRST_ELEMENT.match(data)


def is_program(data: bytes) -> bool:
    """Whether an operating system would run the file. A TIFF header (dual files of pathology) is fine."""
    return has_preamble(data) and data.startswith(_PROGRAMS)
