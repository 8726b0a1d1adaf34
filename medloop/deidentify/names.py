"""What a DICOM header calls its patient, physicians and hospital: no text that is kept may hold any of it."""

import re
from typing import Final

from medloop.deidentify.elements import ANON
from medloop.imaging.dicom.file import DicomFile
from medloop.rules.project import Deidentification

_PERSONS: Final = (
    0x00080090,  # referring physician
    0x0008009C,  # consulting physician
    0x00081048,  # physicians of record
    0x00081050,  # performing physician
    0x00081060,  # physicians reading
    0x00081070,  # operators
    0x00100010,  # patient, and other names of the same
    0x00101001,
    0x00101005,
    0x00101060,  # mother's birth name
    0x00102297,  # responsible person
    0x00321032,  # requesting physician
)
_WHOLE: Final = (
    0x00080050,  # accession number
    0x00100020,  # patient ID, and others
    0x00101000,
    0x00101040,  # patient's address and telephone
    0x00102154,
    0x00380010,  # admission
    0x00380300,  # location
    0x00380400,
)
_INSTITUTION: Final = (0x00080080, 0x00080081, 0x00081040)
_STATION: Final = (0x00081010, 0x00181000)

_UIDS: Final = (0x00080018, 0x0020000D, 0x0020000E, 0x00200052)
_BIRTH: Final = (0x00100030,)
_OURS: Final = frozenset({ANON, b"ANONYMOUS", b"ANONYMIZED", b"PATIENT", b"STUDY"})
"""Stand in name fields and mean nobody."""

_SHORTEST: Final = 4
"""Bytes: shorter words are parts of too many others."""
_WORD: Final = re.compile(rb"[^\\^= ,.;/\x00-\x1f]+")


NAMING: Final = frozenset((*_PERSONS, *_WHOLE, *_BIRTH, *_UIDS, *_INSTITUTION, *_STATION))
"""The attributes whose values name somebody or something."""


def names_of(tag: int, value: bytes) -> frozenset[bytes]:
    """In upper case, of one of NAMING: of a person every word, of all else each value as a whole."""
    words = _WORD.findall(value) if tag in _PERSONS else value.split(b"\\")
    stripped = (word.strip(b"\x00 ").upper() for word in words)
    return frozenset(word for word in stripped if len(word) >= _SHORTEST) - _OURS


def names_in(file: DicomFile, policy: Deidentification) -> frozenset[bytes]:
    """Of the top level; what the policy keeps is not in."""
    kept = {*_UIDS} if policy.retain_uids else set()
    kept |= {*_INSTITUTION} if policy.retain_institution_identity else set()
    kept |= {*_STATION} if policy.retain_device_identity else set()
    return frozenset().union(
        *(names_of(tag, file.raw(tag)) for tag in (NAMING & file.elements.keys()) - kept)
    )
