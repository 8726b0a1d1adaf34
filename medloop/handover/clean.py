"""One file: judged, cleaned and named anew, without its pixels being decoded."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from medloop.deidentify.file import deidentify
from medloop.handover.naming import EXTENSIONS, GZIPPED, NOBODY, clean_folders, clean_name, kept_folders
from medloop.imaging.boundary import reading
from medloop.imaging.sniff import Format, sniff
from medloop.rules.project import Project
from medloop.rules.pseudonyms import Pseudonyms

_PATIENT_ID, _STUDY, _SERIES, _SOP = 0x00100020, 0x0020000D, 0x0020000E, 0x00080018
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, eq=False)
class Clean:
    path: PurePosixPath
    """Below the folder of clean files."""
    content: bytes
    format: Format
    report: dict[str, int]


def clean(data: bytes, path: PurePosixPath, project: Project, pseudonyms: Pseudonyms) -> Clean:
    """`path` is the file's own, relative to the folder that is cleaned.

    Raises:
        Refused: what medloop.deidentify.file refuses; what the project's `intake` section holds for a person:
            text in the pixels, programs in the preamble.
    """
    format_ = sniff(data)
    if format_ is Format.DICOM:
        with reading(len(data)):
            return _dicom(data, path, project, pseudonyms)
    done = deidentify(data, project.deidentification, pseudonyms)
    extension = GZIPPED if done.content.startswith(_GZIP) else EXTENSIONS[format_]
    folders = clean_folders(path.parts[:-1], project, pseudonyms)
    return Clean(
        PurePosixPath(*folders, clean_name(path.name, extension, pseudonyms)),
        done.content,
        format_,
        done.report,
    )


def _dicom(data: bytes, path: PurePosixPath, project: Project, pseudonyms: Pseudonyms) -> Clean:
    """By patient, study, series and object, whatever folders it lay in; found in its header once."""
    # Loaded by format: a folder of photographs never pays for DICOM.
    from medloop.deidentify.dicom import deidentify_dicom
    from medloop.imaging.dicom.file import open_dicom
    from medloop.imaging.dicom.kind import check_burned_in, check_kind, check_preamble

    file = open_dicom(data)
    check_kind(file)
    check_preamble(file, project.intake.polyglots)
    check_burned_in(file, project.intake.burned_in)
    done = deidentify_dicom(file, project.deidentification, pseudonyms)
    patient, study, series, sop = (
        file.raw(tag).decode("utf-8", "backslashreplace") for tag in (_PATIENT_ID, _STUDY, _SERIES, _SOP)
    )
    folders = [
        pseudonyms.subject(patient, study) or NOBODY,
        *(pseudonyms.uid(uid) for uid in (study, series)),
    ]
    name = pseudonyms.uid(sop) if sop else pseudonyms.file(path.name)
    where = PurePosixPath(*kept_folders(path.parts[:-1], project), *folders, name + EXTENSIONS[Format.DICOM])
    return Clean(where, done.content, Format.DICOM, done.report)
