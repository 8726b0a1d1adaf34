"""From what the intake said of a file to the finding that tells it."""

import numpy as np

from medloop.imaging.picture import Facts, Picture, Volume
from medloop.inspection.finding import Finding
from medloop.intake import Prepared
from medloop.rules.reasons import Reason, Refused

FOLDER_JUNK = "folder_junk"
"""What operating systems leave in folders: Thumbs.db, .DS_Store, __MACOSX."""

_JUNK_HINT = "Nothing is to be done: the operating system wrote it, and it is not taken in."
_OBJECT_HINT = "Nothing is to be done: the object is noted as what it is, and its study goes on."
_UNREADABLE_HINT = "Look whether the file may be read, and whether it changed meanwhile."


def of_prepared(path: str, prepared: Prepared) -> Finding:
    facts = prepared.facts
    return Finding(
        path,
        "accepted",
        format=_word(facts, "format"),
        modality=_word(facts, "modality"),
        shape=tuple(prepared.image.values.shape),
        spacing=_spacing(prepared.image),
        warnings=tuple(str(facts["deviations"]).split(",")) if facts.get("deviations") else (),
        facts=facts,
    )


def of_refusal(path: str, refusal: Refused) -> Finding:
    """Objects that hold no image are noted as what they are; everything else is held back."""
    facts, reason = refusal.facts, refusal.reason
    is_object = reason is Reason.UNSUPPORTED_SOP_CLASS
    return Finding(
        path,
        "ignored" if is_object else "quarantined",
        reason.value,
        _OBJECT_HINT if is_object else reason.explanation.hint,
        _word(facts, "format"),
        _word(facts, "modality"),
        facts=facts,
    )


def of_archive(path: str, facts: Facts) -> Finding:
    return Finding(path, "accepted", format="zip", facts=facts)


def of_junk(path: str) -> Finding:
    return Finding(path, "ignored", FOLDER_JUNK, _JUNK_HINT)


def of_unreadable(path: str, error: OSError) -> Finding:
    return Finding(path, "error", type(error).__name__, _UNREADABLE_HINT)


def _word(facts: Facts, name: str) -> str | None:
    return str(facts[name]) if name in facts else None


def _spacing(image: Picture | Volume) -> tuple[float, ...] | None:
    if isinstance(image, Volume):
        return tuple(float(length) for length in np.linalg.norm(image.affine[:3, :3], axis=0).round(6))
    if "row_mm" not in image.facts:
        return None
    return float(image.facts["row_mm"]), float(image.facts["column_mm"])
