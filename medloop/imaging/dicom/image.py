"""Reads one single-frame DICOM image, with or without preamble, in every syntax decoded here."""

import math
import re
import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.colour import palette_to_rgb
from medloop.imaging.dicom.elements import PIXEL_DATA, PIXEL_KINDS
from medloop.imaging.dicom.file import DicomFile, open_dicom
from medloop.imaging.dicom.header import PALETTE, Header, check_single_frame, read_header
from medloop.imaging.dicom.modality import to_modality
from medloop.imaging.dicom.sop_classes import MODALITIES, is_non_image, usually_has_text
from medloop.imaging.dicom.stored import stored_values
from medloop.imaging.picture import Facts, Identity, Picture
from medloop.rules.reasons import Reason, Refused

_SOP_CLASS, _MODALITY = 0x00080016, 0x00080060
_PATIENT_ID, _BURNED_IN = 0x00100020, 0x00280301
_STUDY_UID, _SERIES_UID, _SOP_UID = 0x0020000D, 0x0020000E, 0x00080018
_PIXEL_SPACING, _IMAGER_SPACING = 0x00280030, 0x00181164
_RESCALE_SLOPE = 0x00281053
_STANDARD_UID = re.compile(r"1\.2\.840\.10008\.[0-9.]{1,40}")


def read_dicom(data: bytes) -> Picture:
    """Raises Refused: see docs/reasons.md."""
    file = open_dicom(data)
    check_kind(file)
    header = read_header(file)
    values = _values(stored_values(file, header), file, header)
    return Picture(values, _facts(file, header), identity=_identity(file))


def check_kind(file: DicomFile) -> None:
    """Whether this is one image that may be looked at, before its pixels are.

    Raises:
        Refused: UNSUPPORTED_SOP_CLASS, MULTI_FRAME, NO_PIXELS or BURNED_IN_REVIEW.
    """
    sop_class, modality = file.word(_SOP_CLASS), file.word(_MODALITY)
    kind: Facts = {"sop_class": _standard(sop_class), "modality": _modality(modality)}
    if is_non_image(sop_class) or is_non_image(file.media_sop_class):
        raise Refused(Reason.UNSUPPORTED_SOP_CLASS, kind)
    check_single_frame(file)
    pixels = file.elements.get(PIXEL_DATA)
    if pixels is None or pixels.start == pixels.end:
        floating = bool((PIXEL_KINDS - {PIXEL_DATA}) & file.elements.keys())
        raise Refused(Reason.UNSUPPORTED_FORMAT if floating else Reason.NO_PIXELS, kind)
    burned_in = file.word(_BURNED_IN).upper()
    if burned_in == "YES":
        raise Refused(Reason.BURNED_IN_REVIEW, {**kind, "burned_in": "yes"})
    if burned_in != "NO" and usually_has_text(sop_class, modality):
        raise Refused(Reason.BURNED_IN_REVIEW, {**kind, "burned_in": "not_stated"})


def _values(stored: NDArray[Any], file: DicomFile, header: Header) -> NDArray[np.float32]:
    if header.photometric == PALETTE:
        return palette_to_rgb(stored, file, header).astype(np.float32)
    if header.samples == 3:
        return stored.astype(np.float32)
    return to_modality(stored, file, header)


def _facts(file: DicomFile, header: Header) -> Facts:
    modality = _modality(file.word(_MODALITY))
    facts: Facts = {
        "rows": header.rows,
        "columns": header.columns,
        "channels": 3 if header.samples == 3 or header.photometric == PALETTE else 1,
        "bits": header.bits_stored,
        "modality": modality,
        "sop_class": _standard(file.word(_SOP_CLASS)),
        "transfer_syntax": file.syntax.name,
        "photometric": header.photometric,
        **_spacing(file),
    }
    if file.repaired:
        facts["repaired"] = ",".join(file.repaired)
    if modality == "CT" and not file.raw(_RESCALE_SLOPE):
        facts["rescale"] = "missing"
    return facts


def _spacing(file: DicomFile) -> Facts:
    """Millimetres between rows and between columns, in the patient or, uncalibrated, on the detector."""
    for tag, calibration in ((_PIXEL_SPACING, "calibrated"), (_IMAGER_SPACING, "uncalibrated")):
        try:
            row, column = (float(part) for part in file.word(tag).split("\\"))
        except ValueError:
            continue
        if math.isfinite(row) and math.isfinite(column) and min(row, column) > 0:
            return {"spacing": calibration, "row_mm": row, "column_mm": column}
    return {"spacing": "unknown"}


def _identity(file: DicomFile) -> Identity:
    uids = (file.word(tag) for tag in (_STUDY_UID, _SERIES_UID, _SOP_UID))
    return Identity(_patient_id(file), *uids)


def _patient_id(file: DicomFile) -> str:
    """ "" where it is missing or blank. The character set does not matter: equal bytes stay equal."""
    raw = file.raw(_PATIENT_ID)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return unicodedata.normalize("NFC", text).strip()


def _standard(uid: str) -> str:
    return uid if _STANDARD_UID.fullmatch(uid) else "private" if uid else "missing"


def _modality(word: str) -> str:
    return word if word in MODALITIES else "other" if word else "missing"
