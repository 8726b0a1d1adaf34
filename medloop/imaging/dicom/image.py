"""Reads a DICOM image of one or several frames, with or without preamble, in every syntax decoded here."""

import unicodedata
from typing import Literal

from medloop.imaging.boundary import reading
from medloop.imaging.dicom.file import DicomFile, open_dicom
from medloop.imaging.dicom.frames import read_frames
from medloop.imaging.dicom.header import Header, read_header
from medloop.imaging.dicom.kind import SLICES, check_burned_in, check_kind, check_preamble, kind_facts
from medloop.imaging.dicom.modality import states_rescale
from medloop.imaging.dicom.pixels import read_pixels
from medloop.imaging.dicom.spacing import read_spacing
from medloop.imaging.dicom.uids import check_uids
from medloop.imaging.picture import Facts, Identity, Picture
from medloop.imaging.values import check_finite

_PATIENT_ID = 0x00100020
_STUDY_UID, _SERIES_UID, _SOP_UID = 0x0020000D, 0x0020000E, 0x00080018


def read_dicom(data: bytes) -> Picture:
    """Raises Refused: see docs/reasons.md."""
    return read_dicom_file(open_dicom(data))


def read_dicom_file(
    file: DicomFile,
    burned_in: Literal["review", "accept"] = "review",
    polyglots: Literal["refuse", "clean"] = "refuse",
) -> Picture:
    """The image in a file that has been opened; the options are those of a project's `intake`.

    Raises:
        Refused: see docs/reasons.md.
    """
    with reading(len(file.data)):
        check_kind(file)
        check_preamble(file, polyglots)
        check_burned_in(file, burned_in)
        deviations = {*file.repaired, *check_uids(file)}
        header = read_header(file)
        values = read_pixels(file, header, deviations)
        facts = _facts(file, header)
        deviations |= _deviations(file, header, facts)
        if deviations:
            facts["deviations"] = ",".join(sorted(deviations))
        check_finite(values, facts)
        return Picture(values, facts, read_frames(file, header), _identity(file))


def _facts(file: DicomFile, header: Header) -> Facts:
    return {
        "format": "dicom",
        "rows": header.rows,
        "columns": header.columns,
        "channels": header.channels,
        "frames": header.frames,
        "bits": header.bits_stored,
        **kind_facts(file),
        "transfer_syntax": file.syntax.name,
        "photometric": header.photometric,
        **read_spacing(file),
    }


def _deviations(file: DicomFile, header: Header, facts: Facts) -> set[str]:
    """What a good header would have stated."""
    found = set()
    if not header.frames_stated:
        found.add("frames_counted")
    if facts["modality"] == "CT" and not states_rescale(file):
        found.add("rescale_missing")  # hardly Hounsfield units, then
    if facts["modality"] in SLICES and facts["spacing"] == "uncalibrated":
        found.add("spacing_uncalibrated")  # all that projections can state; slices lie in the patient
    return found


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
