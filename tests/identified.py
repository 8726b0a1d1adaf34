"""Made-up DICOM objects that name their patient wherever a name can stand."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from pydicom import Dataset, dcmread, uid
from pydicom.sequence import Sequence as Items

from medloop.deidentify.dicom import deidentify_dicom
from medloop.deidentify.result import Deidentified
from medloop.deidentify.standard import dictionary, profile
from medloop.imaging.dicom.file import open_dicom
from medloop.rules.project import Deidentification
from medloop.rules.pseudonyms import Pseudonyms
from tests.images import dataset, ramp, written

KEY = bytes(range(32))
NAMES = Pseudonyms(KEY, "knees")
SYNTAXES = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian)

DATE, TIME, NUMBER = "19620713", "134759.123457", 48151623
WORD = "ZQCANARY"
ROOT = "1.2.826.0.1.3680043.9999"
"""Of every UID here; none of it may be left."""

_SHELL = 0x52009230
"""PerFrameFunctionalGroupsSequence: not in Table E.1-1, so that what is around survives."""


def listed() -> tuple[int, ...]:
    """The attributes that Table E.1-1 names one by one and a data set can hold."""
    tags = (row.tag for row in profile())
    return tuple(
        int(tag, 16) for tag in tags if tag.isalnum() and "x" not in tag and len(tag) == 8 and tag >= "0008"
    )


def canary(vr: str) -> Any:
    """A value of the VR that could only come from the patient's header."""
    if vr == "SQ":
        item = Dataset()
        item.CodeMeaning, item.ReferencedSOPInstanceUID = WORD, f"{ROOT}.78"
        return Items([item])
    if vr in ("DA", "TM", "DT"):
        return {"DA": DATE, "TM": TIME, "DT": DATE + TIME}[vr]
    if vr in ("UL", "SL", "IS", "SV", "UV"):
        return NUMBER
    if vr in ("US", "SS"):
        return 31337
    if vr in ("FL", "FD", "DS"):
        return 31337.5
    if vr == "AS":
        return "047Y"
    if vr == "UI":
        return f"{ROOT}.77"
    if vr in ("OB", "OW", "UN", "OB or OW"):
        return WORD.encode()
    return WORD


def filled(tags: Iterable[int], skip: Sequence[int] = ()) -> Dataset:
    made = Dataset()
    for tag in tags:
        vr = dictionary()[tag].decode() if tag in dictionary() else "LO"
        if tag not in skip and len(vr) == 2:
            made.add_new(tag, vr, canary(vr))
    return made


def nested(inner: Dataset, depth: int) -> Dataset:
    """`inner`, or a picture that holds it below `depth` sequences that are kept."""
    made = inner
    for _ in range(depth):
        outer = Dataset()
        outer.add_new(_SHELL, "SQ", Items([made]))
        made = outer
    picture = dataset(ramp())
    picture.StudyInstanceUID, picture.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.2"
    picture.SOPInstanceUID = f"{ROOT}.3"
    for element in made:
        if element.tag not in picture or depth == 0:
            picture.add(element)
    return picture


def cleaned(data: bytes, policy: Deidentification | None = None, names: Pseudonyms = NAMES) -> Deidentified:
    return deidentify_dicom(open_dicom(data), policy or Deidentification(), names)


def clean_dataset(made: Dataset, syntax: str = uid.ExplicitVRLittleEndian, **options: Any) -> Dataset:
    """What a reader of the result sees."""
    return dcmread(io.BytesIO(cleaned(written(made, syntax), Deidentification(**options)).content))


def innermost(made: Dataset, depth: int) -> Dataset:
    for _ in range(depth):
        made = made[_SHELL].value[0]
    return made
