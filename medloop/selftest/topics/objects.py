"""DICOM objects that are no pictures, and what stands in pictures' pixels."""

from collections.abc import Iterator
from typing import Final

from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import deviations, values
from medloop.selftest.file import accepted, ignored, refused
from medloop.selftest.forge.dicom import (
    CANARY,
    CT,
    DX,
    MR,
    SC,
    UID_ROOT,
    US,
    colours,
    dicom,
    elements,
    part10,
    ramp,
)
from medloop.selftest.policies import policy

PIXELS = ramp()
GREY = ramp(16, 16, "u1", step=1)

_KINDS: Final = {
    "report": (uid.BasicTextSRStorage, "SR"),
    "pdf": (uid.EncapsulatedPDFStorage, "DOC"),
    "structure_set": (uid.RTStructureSetStorage, "RTSTRUCT"),
    "key_object": (uid.KeyObjectSelectionDocumentStorage, "KO"),
    "presentation_state": (uid.GrayscaleSoftcopyPresentationStateStorage, "PR"),
    "waveform": (uid.TwelveLeadECGWaveformStorage, "ECG"),
}


def non_image(kind: str) -> bytes:
    """An object of the kind, with a patient and without pixels."""
    sop_class, modality = _KINDS[kind]
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = sop_class, f"{UID_ROOT}.3.900"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{UID_ROOT}.1.1", f"{UID_ROOT}.2.9"
    made.PatientName, made.PatientID, made.Modality = f"{CANARY}^Carla", f"{CANARY}-0815", modality
    if kind == "pdf":
        made.EncapsulatedDocument = b"%PDF-1.4\n" + CANARY.encode() + b"\n"
        made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    return part10(made)


def directory() -> bytes:
    """A DICOMDIR that names its patient in a record."""
    record = Dataset()
    record.DirectoryRecordType, record.PatientName, record.PatientID = "PATIENT", f"{CANARY}^Carla", CANARY
    made = Dataset()
    made.FileSetID, made.DirectoryRecordSequence = "MEDLOOP", Sequence([record])
    made.SOPClassUID, made.SOPInstanceUID = uid.MediaStorageDirectoryStorage, f"{UID_ROOT}.3.901"
    return part10(made)


@case(
    "E29",
    "Reports, PDFs, structure sets, key objects, presentation states, waveforms",
    "They come with every study and block it elsewhere; they are noted as what they are, and set aside.",
)
def non_images() -> Iterator[Sample]:
    for kind in _KINDS:
        yield ignored(f"{kind}.dcm", non_image(kind), kind=kind)


@case(
    "B54",
    "Encapsulated PDF",
    "A letter with a name on it, in a DICOM coat.",
)
def pdf() -> Iterator[Sample]:
    yield ignored("letter.dcm", non_image("pdf"), kind="pdf")


@case(
    "B55",
    "Structured report",
    "Text that nobody has cleaned: never passed on.",
)
def report() -> Iterator[Sample]:
    yield ignored("report.dcm", non_image("report"), kind="report")


@case(
    "B56",
    "DICOMDIR",
    "Its SOP class stands in the file meta group alone, its patients in a sequence.",
)
def dicomdir() -> Iterator[Sample]:
    yield ignored("DICOMDIR", directory(), kind="directory")


@case(
    "E30",
    "DICOMDIR among the images of an upload",
    "Taken for a slice elsewhere, or copied with the patient's name in its records; here the images go on "
    "and the directory stays behind.",
)
def directory_among_images() -> Iterator[Sample]:
    yield ignored("disc/DICOMDIR", directory(), kind="directory")
    yield accepted("disc/DICOM/IM000001", dicom(PIXELS), values(PIXELS))


@case(
    "E28",
    "Multi-frame marker on a single picture",
    "An empty PerFrameFunctionalGroupsSequence makes converters take a plain slice for an enhanced object.",
)
def fake_multi_frame() -> Iterator[Sample]:
    geometry = elements(
        ImagePositionPatient=["0", "0", "5"], ImageOrientationPatient=["1", "0", "0", "0", "1", "0"]
    )
    marked = dicom(PIXELS, PerFrameFunctionalGroupsSequence=Sequence([]), NumberOfFrames="1", **geometry)
    yield accepted("marked.dcm", marked, values(PIXELS), deviations())


@case(
    "E32",
    "Burned-in text",
    "The flag is unreliable: objects that usually carry text are held for a person, who may release them.",
)
def burned_in() -> Iterator[Sample]:
    unstated = elements(BurnedInAnnotation=None)
    screenshot = dicom(colours(), sop_class=SC, **unstated)
    yield refused("screenshot.dcm", screenshot, Reason.BURNED_IN_REVIEW, burned_in="not_stated")
    yield refused(
        "stated.dcm", dicom(PIXELS, BurnedInAnnotation="YES"), Reason.BURNED_IN_REVIEW, burned_in="yes"
    )
    yield accepted(
        "released.dcm", screenshot, values(colours()), released=frozenset({Reason.BURNED_IN_REVIEW})
    )
    trusted = policy("trusting", intake={"burned_in": "accept"})
    yield accepted("trusted.dcm", screenshot, values(colours()), project=trusted)


@case(
    "B53",
    "BurnedInAnnotation YES; missing on ultrasound",
    "Ultrasound machines write the name into the picture and say nothing about it.",
)
def ultrasound_text() -> Iterator[Sample]:
    yes = dicom(GREY, sop_class=US, BurnedInAnnotation="YES")
    yield refused("yes.dcm", yes, Reason.BURNED_IN_REVIEW, burned_in="yes")
    silent = dicom(GREY, sop_class=US, BurnedInAnnotation=None)
    yield refused("silent.dcm", silent, Reason.BURNED_IN_REVIEW, burned_in="not_stated", modality="US")
    yield accepted("no.dcm", dicom(GREY, sop_class=US), values(GREY))
    # Radiography and tomography do not write on their pixels: silence is no reason to hold them.
    for name, sop_class in (("ct", CT), ("mr", MR), ("dx", DX)):
        plain = dicom(PIXELS, sop_class=sop_class, BurnedInAnnotation=None)
        yield accepted(f"{name}.dcm", plain, values(PIXELS))


@case(
    "E34",
    "Ultrasound regions",
    "They say where the picture is and where the text around it; the whole is held until someone has looked.",
)
def regions() -> Iterator[Sample]:
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 2, 4
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 13, 15
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.05
    marked = elements(SequenceOfUltrasoundRegions=Sequence([region]))
    silent = dicom(GREY, sop_class=US, BurnedInAnnotation=None, **marked)
    yield refused("silent.dcm", silent, Reason.BURNED_IN_REVIEW)
    yield accepted("stated.dcm", dicom(GREY, sop_class=US, **marked), values(GREY))
