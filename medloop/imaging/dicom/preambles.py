"""The 128 bytes before a DICOM file (PS3.10 §7.1): free for any use, so also for a program's beginning."""

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


def has_preamble(data: bytes) -> bool:
    return data[PREAMBLE_BYTES : PREAMBLE_BYTES + len(PREFIX)] == PREFIX


def is_program(data: bytes) -> bool:
    """Whether an operating system would run the file. A TIFF header (dual files of pathology) is fine."""
    return has_preamble(data) and data.startswith(_PROGRAMS)
