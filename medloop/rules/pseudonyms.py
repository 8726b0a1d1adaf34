"""Names for patients, objects and machines that only the holder of the key can trace back.

Every name is an HMAC-SHA256 of what it replaces, so two processes on two days agree without a table
between them. A name ends in a check that needs the key too: what is a name of ours already is left as it
is, so that naming twice changes nothing.
"""

import hmac
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MIN_KEY_BYTES: Final = 32
"""HMAC-SHA256 is as strong as its key up to this length."""

MAX_SHIFT_DAYS: Final = 3650
"""Dates move back by 1 to this many days, so that none comes to lie in the future."""

_WORDS: Final = """
    anon anonymous anonymized anonymised anonym deidentified removed redacted dummy default blank empty
    unknown unk unspecified undefined notprovided notavailable notapplicable none null nil nan na nn noid
    noname noidentifier missing test tbd patient patientid id x xx"""
_PLACEHOLDERS: Final = frozenset(_WORDS.split())

_NAME: Final = re.compile(r"(patient|study|file)-([0-9a-f]{32})")
_UID: Final = re.compile(r"2\.25\.(0|[1-9][0-9]{0,38})")
_TITLE: Final = re.compile(r"AE([0-9A-F]{14})")


class WeakKey(ValueError):
    """The pseudonym key is too short."""


@dataclass(frozen=True, repr=False)
class Pseudonyms:
    """The names that one project's key gives; unrelated to those of any other project or key.

    Raises:
        WeakKey: fewer than MIN_KEY_BYTES.
    """

    key: bytes
    project: str

    def __post_init__(self) -> None:
        if len(self.key) < MIN_KEY_BYTES:
            raise WeakKey(f"the pseudonym key needs at least {MIN_KEY_BYTES} bytes")

    def patient(self, patient_id: str) -> str:
        """`patient-` and 32 hexadecimal digits; leading zeros and case of the id count."""
        return self._name("patient", patient_id)

    def subject(self, patient_id: str, study_uid: str = "") -> str:
        """The patient's name; without a usable id that of the study, `study-…`; "" without either."""
        if not is_placeholder(patient_id):
            return self.patient(patient_id)
        return self._name("study", study_uid) if study_uid else ""

    def file(self, name: str) -> str:
        """`file-` and 32 digits, for one part of a path: equal names stay equal: masks find images."""
        return self._name("file", name)

    def uid(self, uid: str) -> str:
        """`2.25.` and a number of at most 128 bits (PS3.5 B.2): 96 of the hash, 32 to know it again by."""
        found = _UID.fullmatch(uid)
        if found and self._is_ours("uid", int(found[1])):
            return uid
        return f"2.25.{self._number('uid', uid)}"

    def title(self, title: str) -> str:
        """A machine's application entity title, 16 characters."""
        found = _TITLE.fullmatch(title)
        if found and self._is_ours("title", int(found[1], 16), bits=56, check=24):
            return title
        return f"AE{self._number('title', title, bits=56, check=24):014X}"

    def shift_days(self, patient_id: str, study_uid: str = "") -> int:
        """By how many days the patient's dates move: -MAX_SHIFT_DAYS to -1, equal for id and pseudonym."""
        return -1 - self._digest("shift", self.subject(patient_id, study_uid)) % MAX_SHIFT_DAYS

    def mark(self, text: str) -> str:
        """16 hexadecimal digits that prove, to the holder of the key, that `text` was written here."""
        return f"{self._digest('mark', text) >> 192:016x}"

    def _name(self, kind: str, value: str) -> str:
        plain = normal(value)
        found = _NAME.fullmatch(plain)
        if found and self._is_ours(found[1], int(found[2], 16)):
            return plain
        return f"{kind}-{self._number(kind, plain):032x}"

    def _number(self, kind: str, value: str, bits: int = 128, check: int = 32) -> int:
        hashed = self._digest(kind, value) >> (256 - bits + check)
        return hashed << check | self._digest(f"check {kind}", str(hashed)) >> (256 - check)

    def _is_ours(self, kind: str, number: int, bits: int = 128, check: int = 32) -> bool:
        hashed, checked = number >> check, number & ((1 << check) - 1)
        return number >> bits == 0 and self._digest(f"check {kind}", str(hashed)) >> (256 - check) == checked

    def _digest(self, kind: str, value: str) -> int:
        return _digest(self.key, "\0".join((self.project, kind, value)))


@lru_cache(1024)
def _digest(key: bytes, message: str) -> int:
    """HMAC-SHA256. Remembered, since the files of a series say the same again and again."""
    return int.from_bytes(hmac.digest(key, message.encode("utf-8", "surrogatepass"), "sha256"), "big")


def is_placeholder(patient_id: str) -> bool:
    """Whether an id names nobody: blank, ANONYMOUS, UNKNOWN, NONE, 0000, XXXX and their like.

    Otherwise everyone who was exported so would become one patient.
    """
    letters = "".join(char for char in normal(patient_id).casefold() if char.isalnum())
    return not letters.strip("0") or letters in _PLACEHOLDERS or (len(letters) > 3 and len(set(letters)) == 1)


def normal(identifier: str) -> str:
    """Without padding, accents in one spelling."""
    return unicodedata.normalize("NFC", identifier).strip(" \x00")
