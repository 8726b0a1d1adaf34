"""Unique identifiers (PS3.5 §9.1): digits and dots, no more than 64 characters."""

import re
from typing import Final

from medloop.imaging.dicom.file import DicomFile
from medloop.rules.reasons import Reason, Refused

_CHECKED: Final = {
    "SOPInstanceUID": 0x00080018,
    "StudyInstanceUID": 0x0020000D,
    "SeriesInstanceUID": 0x0020000E,
}
_MAX_LENGTH: Final = 64
_UID: Final = re.compile(rb"[0-9]+(\.[0-9]+)*")
_LEADING_ZERO: Final = re.compile(rb"(^|\.)0[0-9]")
_STANDARD: Final = re.compile(r"1\.2\.840\.10008\.[0-9.]{1,40}")


def check_uids(file: DicomFile) -> set[str]:
    """Whether the identifiers that images are told apart by can be used as such; what is tolerated in them.

    They become keys and names: one that is a path, or longer than any other system keeps, is refused.

    Raises:
        Refused: BAD_UID naming the field, and its length.
    """
    tolerated = set()
    for field, tag in _CHECKED.items():
        uid = file.raw(tag)
        if not uid:
            if field == "SOPInstanceUID":
                tolerated.add("uid_missing")
            continue
        if len(uid) > _MAX_LENGTH or not _UID.fullmatch(uid):
            raise Refused(Reason.BAD_UID, {"field": field, "characters": len(uid)})
        if _LEADING_ZERO.search(uid):
            tolerated.add("uid_leading_zero")
    return tolerated


def is_standard(uid: str) -> bool:
    """Registered by the standard itself: a technical term, not an identifier of anybody."""
    return bool(_STANDARD.fullmatch(uid))
