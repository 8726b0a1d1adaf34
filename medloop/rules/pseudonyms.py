"""Names for patients that only the holder of the key can trace back; they keep a patient in one split."""

import hashlib
import hmac
import json
import unicodedata
from typing import Final

MIN_KEY_BYTES: Final = 32
"""HMAC-SHA256 is as strong as its key up to this length."""


class WeakKey(ValueError):
    """The pseudonym key is too short."""


def group(key: bytes, project: str, patient_id: str, sha256: str) -> str:
    """What an image is grouped by: its patient, or where none is known its own content's hash.

    Two copies of one picture without a patient share a group, so that they cannot fall on two sides.
    """
    if _normal(patient_id):
        return pseudonym(key, project, patient_id)
    return f"content-{sha256[:32]}"


def pseudonym(key: bytes, project: str, patient_id: str) -> str:
    """Equal for equal ids within a project, unrelated across projects; leading zeros and case count.

    Raises:
        WeakKey: fewer than MIN_KEY_BYTES.
    """
    if len(key) < MIN_KEY_BYTES:
        raise WeakKey(f"the pseudonym key needs at least {MIN_KEY_BYTES} bytes")
    name = json.dumps([project, _normal(patient_id)]).encode("ascii")
    return f"patient-{hmac.new(key, name, hashlib.sha256).hexdigest()[:32]}"


def _normal(patient_id: str) -> str:
    return unicodedata.normalize("NFC", patient_id).strip(" \x00")
