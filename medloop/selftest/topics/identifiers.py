"""Who the patient is: in every corner of a DICOM file, and in none of what is passed on."""

import struct
from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import clean, values
from medloop.selftest.file import accepted, refused
from medloop.selftest.forge.dicom import (
    BIG,
    CANARY,
    CT,
    EXPLICIT,
    IMPLICIT,
    MR,
    UID_ROOT,
    XA,
    dataset,
    dicom,
    elements,
    explicit_element,
    padded,
    part10,
    ramp,
    run_length,
)
from medloop.selftest.policies import policy

PIXELS = ramp()


def nested(depth: int) -> Dataset:
    """A patient's name, address and history, `depth` sequences down."""
    item = Dataset()
    item.PatientName, item.PatientAddress = f"{CANARY}^Carla", f"{CANARY} Street 1"
    item.AdditionalPatientHistory, item.PatientBirthDate = f"seen by {CANARY}", "19700101"
    for _ in range(depth - 1):
        holder = Dataset()
        holder.ReferencedImageSequence = Items([item])
        item = holder
    return item


@case(
    "E35",
    "Identifiers in nested sequences",
    "Libraries clean the top level: 613 of 613 attributes leak from an item of another sequence.",
)
def in_sequences() -> Iterator[Sample]:
    for depth in (1, 3, 8):
        for name, syntax in (("explicit", EXPLICIT), ("implicit", IMPLICIT), ("big", BIG)):
            holder = elements(ReferencedImageSequence=Items([nested(depth)]))
            yield accepted(f"{name}-{depth}.dcm", dicom(PIXELS, syntax, **holder), values(PIXELS))


@case(
    "E36",
    "Private elements, UN sequences among them",
    "Kept they leak, dropped they take the scanner's notes along: removed, except those that PS3.15 calls "
    "safe, where the project keeps them.",
)
def private_elements() -> Iterator[Sample]:
    made = dataset(PIXELS)
    block = made.private_block(0x0029, "MEDLOOP SELFTEST", create=True)
    block.add_new(0x01, "LO", f"{CANARY}^Carla")
    block.add_new(0x02, "SQ", Items([nested(2)]))
    file = part10(made)
    at = file.index(b"\xe0\x7f\x10\x00")
    inner = struct.pack("<HHI", 0x0010, 0x0010, 10) + CANARY.encode()
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
    hidden = explicit_element(0x0031, 0x0010, b"UN", b"MEDLOOP ") + explicit_element(
        0x0031, 0x1001, b"UN", item
    )
    gone = clean("lose its private elements", lambda file: b"MEDLOOP SELFTEST" not in file)
    yield accepted("private.dcm", file[:at] + hidden + file[at:], values(PIXELS), gone)
    safe = dataset(PIXELS, MR)
    safe.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "1000")
    keeping = policy("keeping", deidentification={"retain_safe_private": True})
    kept = clean("keep the b-value", lambda file: b"SIEMENS MR HEADER" in file)
    yield accepted("safe.dcm", part10(safe), values(PIXELS), kept, project=keeping)
    yield accepted("safe.dcm", part10(safe), clean("lose it", lambda file: b"SIEMENS" not in file))


@case(
    "E33",
    "Several frames, compressed, cleaned",
    "Other cleaners scrambled them: medloop never writes pixels anew, it holds what carries text (E32).",
)
def pixels_untouched() -> Iterator[Sample]:
    frames = ramp(48, 16).reshape(3, 16, 16)
    packed = run_length(frames, XA, NumberOfFrames="3")
    pixels = packed[packed.index(b"\xe0\x7f\x10\x00OB") :]
    same = clean("hold the same pixel data", lambda file: pixels in file)
    yield accepted("angio.dcm", packed, values(frames), same, frames=3)


@case(
    "E39",
    "Neither orientation nor position",
    "An import that fails without a message: taken as a picture, and no place in space is invented.",
)
def no_place() -> Iterator[Sample]:
    yield accepted("mr.dcm", dicom(PIXELS), values(PIXELS), modality="MR")
    yield accepted("ct.dcm", dicom(PIXELS, sop_class=CT, RescaleSlope="1", RescaleIntercept="-1024"))


@case(
    "E45",
    "Faces",
    "A head can be rendered from its slices and recognised: marked, so that a project may leave it out.",
)
def faces() -> Iterator[Sample]:
    for name, part in (("head", "HEAD"), ("brain", "BRAIN")):
        yield accepted(f"{name}.dcm", dicom(PIXELS, BodyPartExamined=part), values(PIXELS), face="possible")
    yield accepted("knee.dcm", dicom(PIXELS, BodyPartExamined="KNEE"), values(PIXELS))


_FIFTY: Final = """
    PatientName PatientID PatientAddress PatientTelephoneNumbers PatientMotherBirthName
    OtherPatientNames MilitaryRank Occupation EthnicGroup PatientComments AdditionalPatientHistory
    ReferringPhysicianName ReferringPhysicianAddress PhysiciansOfRecord PerformingPhysicianName
    OperatorsName RequestingPhysician InstitutionName InstitutionAddress InstitutionalDepartmentName
    StationName StudyDescription StudyID SeriesDescription ProtocolName ImageComments AccessionNumber
    DeviceSerialNumber DerivationDescription RequestedProcedureDescription
    PerformedProcedureStepDescription ScheduledPerformingPhysicianName AdmissionID Allergies
    MedicalAlerts ContrastBolusAgent RequestedProcedureComments FrameComments ReasonForStudy
    CurrentPatientLocation PatientInstitutionResidence ResponsiblePerson CountryOfResidence
    RegionOfResidence PatientReligiousPreference InsurancePlanIdentification
    NamesOfIntendedRecipientsOfResults PersonName TextComments InterpretationText"""


@case(
    "D06",
    "Fifty canaries",
    "In fifty attributes, in the preamble, in the file's name: none in the clean file, none in a fact.",
)
def canaries() -> Iterator[Sample]:
    made = dataset(PIXELS)
    for keyword in _FIFTY.split():
        setattr(made, keyword, CANARY)
    whole = part10(made, preamble=CANARY.encode().ljust(128, b"\x00"))
    yield accepted(f"{CANARY}/{CANARY}.dcm", whole, values(PIXELS))
    yield refused(f"{CANARY}.dcm", whole[:-20], Reason.TRUNCATED)


@case(
    "D08",
    "Overlays, curves, icons, trailing padding, the file meta group",
    "Places that hold pixels or text of their own, and that lists of attributes forget.",
)
def other_places() -> Iterator[Sample]:
    made = dataset(PIXELS)
    made.add_new(0x60000010, "US", 16)
    made.add_new(0x60000011, "US", 16)
    made.add_new(0x60000022, "LO", CANARY)
    made.add_new(0x60003000, "OB", padded(CANARY.encode() * 4))
    made.add_new(0x50003000, "OW", padded(CANARY.encode()))
    made.IconImageSequence = Items([dataset(PIXELS)])
    made.DataSetTrailingPadding = padded(CANARY.encode())
    yield accepted("places.dcm", part10(made), values(PIXELS))
    title = elements(SourceApplicationEntityTitle=CANARY, SendingApplicationEntityTitle=CANARY)
    title |= elements(
        PrivateInformationCreatorUID=f"{UID_ROOT}.9", PrivateInformation=padded(CANARY.encode())
    )
    yield accepted("meta.dcm", part10(dataset(PIXELS), **title), values(PIXELS))
