"""Who the originals are of, by the pseudonyms that they would have."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag

from medloop.reidentify.chain import Chain

PATIENT: Final = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "OtherPatientIDs",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
)
STUDY: Final = (
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "StudyID",
    "StudyDescription",
    "ReferringPhysicianName",
)
"""What a new object of an old study repeats of it (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2)."""

UIDS: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")


@dataclass(frozen=True, repr=False)
class Identity:
    """Of one study: the attributes that its new objects get."""

    attributes: dict[BaseTag, DataElement]


@dataclass(frozen=True, repr=False)
class Originals:
    """Held in memory while the command runs, and never written anywhere."""

    uids: dict[str, str] = field(default_factory=dict)
    """Pseudonym → UID."""
    noted: set[str] = field(default_factory=set)
    """UIDs that are among these."""
    studies: dict[str, Identity] = field(default_factory=dict)
    """The study's UID, and every pseudonym of it → whose it is: a project may keep UIDs."""


def read_originals(files: Iterable[str], chain: Chain) -> Originals:
    """Headers only; what is no DICOM is passed over."""
    found = Originals()
    for path in files:
        header = read_header(Path(path))
        if header is not None:
            note(header, chain, found)
    return found


def read_header(path: Path) -> Dataset | None:
    try:
        return pydicom.dcmread(path, stop_before_pixels=True)
    except (InvalidDicomError, OSError, ValueError, KeyError, EOFError, AttributeError):
        return None


def note(header: Dataset, chain: Chain, found: Originals) -> None:
    for name in UIDS:
        if (uid := str(header.get(name, ""))) and uid not in found.noted:
            found.noted.add(uid)
            found.uids.update(dict.fromkeys(chain.uids(uid), uid))
    study = str(header.get("StudyInstanceUID", ""))
    if study and study not in found.studies:
        found.studies.update(dict.fromkeys({study, *chain.uids(study)}, identity_of(header)))


def identity_of(header: Dataset) -> Identity:
    elements = (header[name] for name in (*PATIENT, *STUDY) if name in header)
    charset = header.get_item("SpecificCharacterSet")
    kept = {element.tag: element for element in elements}
    if charset is not None:
        kept[charset.tag] = header["SpecificCharacterSet"]
    return Identity(kept)
