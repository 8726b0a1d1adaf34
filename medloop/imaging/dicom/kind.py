"""What a DICOM object is, and whether its pixels may be looked at."""

from typing import Final, Literal

from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.sop_classes import MODALITIES, kind_of_non_image, usually_has_text
from medloop.imaging.dicom.uids import is_standard
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

_SOP_CLASS, _MODALITY, _BURNED_IN, _BODY_PART = 0x00080016, 0x00080060, 0x00280301, 0x00180015

SLICES: Final = frozenset({"CT", "MR", "PT"})
"""Modalities that cut through the body instead of projecting it."""

_HEADS: Final = frozenset(
    {"HEAD", "BRAIN", "SKULL", "FACE", "HEADNECK", "NECK", "ORBIT", "SINUS", "IAC", "JAW"}
)


def kind_facts(file: DicomFile) -> Facts:
    """SOP class and modality, as far as they are words of the standard."""
    sop_class, modality = file.word(_SOP_CLASS), file.word(_MODALITY)
    facts: Facts = {
        "sop_class": sop_class if is_standard(sop_class) else "private" if sop_class else "missing",
        "modality": modality if modality in MODALITIES else "other" if modality else "missing",
    }
    if modality in SLICES and file.word(_BODY_PART).upper() in _HEADS:
        facts["face"] = "possible"  # it can be rendered from the slices and recognised
    return facts


def check_kind(file: DicomFile) -> None:
    """Raises Refused: UNSUPPORTED_SOP_CLASS, fact `kind`, for reports, plans, directories and the like."""
    kind = kind_of_non_image(file.word(_SOP_CLASS)) or kind_of_non_image(file.media_sop_class)
    if kind:
        raise Refused(Reason.UNSUPPORTED_SOP_CLASS, {**kind_facts(file), "kind": kind})


def check_preamble(file: DicomFile, polyglots: Literal["refuse", "clean"]) -> None:
    """Raises Refused: POLYGLOT_PREAMBLE where the file is a program as well, unless that is to be cleaned."""
    if file.is_program and polyglots == "refuse":
        raise Refused(Reason.POLYGLOT_PREAMBLE, kind_facts(file))


def check_burned_in(file: DicomFile, policy: Literal["review", "accept"]) -> None:
    """Raises Refused: BURNED_IN_REVIEW where pixels carry text by their header or kind, unless accepted."""
    stated = file.word(_BURNED_IN).upper()
    if policy == "accept" or stated == "NO":
        return
    if stated == "YES" or usually_has_text(file.word(_SOP_CLASS), file.word(_MODALITY)):
        facts = {**kind_facts(file), "burned_in": "yes" if stated == "YES" else "not_stated"}
        raise Refused(Reason.BURNED_IN_REVIEW, facts)
