"""What a de-identified object says of itself: that, how, and whether its dates still tell anything."""

from functools import cache
from typing import Final

from medloop.deidentify.elements import element, sequence
from medloop.deidentify.standard import EDITION
from medloop.imaging.dicom.elements import Encoding
from medloop.imaging.dicom.file import DicomFile
from medloop.rules.project import Deidentification
from medloop.rules.pseudonyms import Pseudonyms

Marks = dict[int, bytes]
"""Whole elements by tag, ascending."""

PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
IDENTITY_REMOVED, METHOD, METHOD_CODES = 0x00120062, 0x00120063, 0x00120064
TEMPORAL_INFORMATION = 0x00280303

_METHOD: Final = f"medloop, DICOM PS3.15 {EDITION} Annex E"
_MOVED: Final = "dates moved"

_FULL_DATES, _MODIFIED_DATES = "113106", "113107"
_MEANINGS: Final = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113102": "Clean Recognizable Visual Features Option",
    "113103": "Clean Graphics Option",
    "113104": "Clean Structured Content Option",
    "113105": "Clean Descriptors Option",
    _FULL_DATES: "Retain Longitudinal Temporal Information Full Dates Option",
    _MODIFIED_DATES: "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
    "113110": "Retain UIDs Option",
    "113111": "Retain Safe Private Option",
    "113112": "Retain Institution Identity Option",
}
"""PS3.16 CID 7050."""

_OPTIONS: Final = {
    "clean_descriptors": "113105",
    "retain_patient_characteristics": "113108",
    "retain_device_identity": "113109",
    "retain_uids": "113110",
    "retain_safe_private": "113111",
    "retain_institution_identity": "113112",
}
_DONE_EARLIER: Final = ("113101", "113102", "113103", "113104")
"""What somebody cleaned before us stays clean, and stays said."""

_TEMPORAL: Final = {"remove": "REMOVED", "shift": "MODIFIED", "retain": "UNMODIFIED"}
_CHANGED: Final = frozenset({"MODIFIED", "REMOVED"})


def moved_here(file: DicomFile, token: str) -> bool:
    """Whether the dates were moved already, by the holder of this key: they must not move twice."""
    return token.encode() in file.raw(METHOD)


def token(pseudonyms: Pseudonyms, subject: str, sop_uid: str) -> str:
    """Proves that the dates of this object were moved with this key; nobody else can write it."""
    return pseudonyms.mark(f"{_MOVED} {subject} {sop_uid}")


def marks(file: DicomFile, policy: Deidentification, subject: str, moved: str, encoding: Encoding) -> Marks:
    """`moved` is the token where the dates are moved ones, else ""."""
    temporal = _temporal(file, policy, moved)
    method = f"{_METHOD}\\{_MOVED} {moved}" if moved else _METHOD
    return {
        PATIENT_NAME: element(PATIENT_NAME, b"PN", subject.encode(), encoding),
        PATIENT_ID: element(PATIENT_ID, b"LO", subject.encode(), encoding),
        IDENTITY_REMOVED: element(IDENTITY_REMOVED, b"CS", b"YES", encoding),
        METHOD: element(METHOD, b"LO", method.encode(), encoding),
        METHOD_CODES: _code_sequence(_codes(file, policy, temporal), encoding),
        TEMPORAL_INFORMATION: element(TEMPORAL_INFORMATION, b"CS", temporal.encode(), encoding),
    }


def _temporal(file: DicomFile, policy: Deidentification, moved: str) -> str:
    before = file.word(TEMPORAL_INFORMATION)
    if policy.dates == "retain" and (moved or before in _CHANGED):
        return "MODIFIED" if moved else before
    return _TEMPORAL[policy.dates]


def _codes(file: DicomFile, policy: Deidentification, temporal: str) -> tuple[str, ...]:
    before = file.raw(METHOD_CODES)
    codes = {"113100", *(code for name, code in _OPTIONS.items() if getattr(policy, name))}
    codes |= {code for code in _DONE_EARLIER if code.encode() in before}
    if temporal != "REMOVED":
        codes.add(_FULL_DATES if temporal == "UNMODIFIED" else _MODIFIED_DATES)
    return tuple(sorted(codes))


@cache
def _code_sequence(codes: tuple[str, ...], encoding: Encoding) -> bytes:
    items = [
        element(0x00080100, b"SH", code.encode(), encoding)
        + element(0x00080102, b"SH", b"DCM", encoding)
        + element(0x00080104, b"LO", _MEANINGS[code].encode(), encoding)
        for code in codes
    ]
    return sequence(METHOD_CODES, items, encoding)
