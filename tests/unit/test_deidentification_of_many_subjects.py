"""Three hundred made-up subjects, two visits each, six modalities, and the ten questions of MIDI-B.

The questions are those of the Medical Image De-Identification Benchmark (2024): text removed and
retained, dates shifted, UIDs changed and consistent, patients consistent, pixels retained and hidden, tags
retained and filled. Names, addresses and numbers stand in their attributes and in free text.
"""

import io
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from pydicom import Dataset, dcmread, uid
from pydicom.sequence import Sequence

from medloop.intake import prepare
from medloop.rules.project import Deidentification, Project
from medloop.rules.reasons import Reason, Refused
from tests.images import dataset, ramp, written

SUBJECTS = 300
PROJECT = Project(
    project="many", classes=("a", "b"), deidentification=Deidentification(clean_descriptors=True)
)
KEY = bytes(range(32))

MODALITIES = {
    "CT": (uid.CTImageStorage, "CHEST", "CT THORAX"),
    "MR": (uid.MRImageStorage, "BRAIN", "MRI BRAIN"),
    "CR": (uid.ComputedRadiographyImageStorage, "CHEST", "CHEST PA"),
    "DX": (uid.DigitalXRayImageStorageForPresentation, "HAND", "HAND LEFT"),
    "MG": (uid.DigitalMammographyXRayImageStorageForPresentation, "BREAST", "BREAST LEFT"),
    "PT": (uid.PositronEmissionTomographyImageStorage, "ABDOMEN", "ABDOMEN"),
}
FIRST = ("Nora", "Li", "Bartholomew", "Ana", "Xóchitl", "Jean-Luc", "Oluwaseun", "Mia")
LAST = ("Fictional", "Ng", "O'Invented", "Madeup-Smith", "Lee", "Nobody", "Müstermann", "Zzyzx")
STREETS = ("Nowhere Lane", "Rue Imaginaire", "Musterweg", "Fiction Avenue")


@dataclass(frozen=True)
class Visit:
    subject: int
    day: date
    secrets: tuple[str, ...]
    words: tuple[str, ...]
    before: Dataset
    after: Dataset


def subject(number: int) -> Iterator[Visit]:
    chance = random.Random(number)
    first, last = chance.choice(FIRST), f"{chance.choice(LAST)}{number}"
    record, phone = f"MRN{chance.randrange(10**7, 10**8)}", f"+1-555-{chance.randrange(10**6, 10**7)}"
    street = f"{chance.randrange(1, 999)} {chance.choice(STREETS)}"
    begin = date(1990, 1, 1) + timedelta(days=chance.randrange(10_000))
    modality = list(MODALITIES)[number % len(MODALITIES)]
    sop_class, part, words = MODALITIES[modality]
    for visit, day in enumerate((begin, begin + timedelta(days=chance.randrange(1, 700)))):
        secrets = (last, record, phone, street, f"ACC{number}X{visit}", f"1.2.826.0.1.3680043.7777.{number}")
        made = dataset(ramp(), SOPClassUID=sop_class, Modality=modality, BodyPartExamined=part)
        fill(made, first, secrets, words, day, f"1.2.826.0.1.3680043.7777.{number}.{visit}")
        cleaned = prepare(written(made), "x.dcm", PROJECT, KEY).clean
        yield Visit(number, day, secrets, tuple(words.split()), made, dcmread(io.BytesIO(cleaned)))


def fill(made: Dataset, first: str, secrets: tuple[str, ...], words: str, day: date, root: str) -> None:
    last, record, phone, street, accession, _ = secrets
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PatientName, made.PatientID, made.PatientBirthDate = f"{last}^{first}", record, "19621130"
    made.PatientAddress, made.PatientTelephoneNumbers, made.AccessionNumber = street, phone, accession
    made.ReferringPhysicianName, made.InstitutionName = f"Refer^{last}", f"{last} Clinic"
    made.StudyDescription = f"{words} {last} {record}"
    made.SeriesDescription = f"{words} {first} {last}"
    made.ProtocolName = f"{words} for {last}"
    made.ImageComments = f"Pt {first} {last}, {street}, call {phone}"
    made.AdditionalPatientHistory = f"{last} seen at {street}; MRN {record}"
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = made.ContentDate = f"{day:%Y%m%d}"
    made.StudyTime = "101112"
    made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID = root, f"{root}.1", f"{root}.1.1"
    made.FrameOfReferenceUID = f"{root}.9"
    step, reference = Dataset(), Dataset()
    step.ScheduledProcedureStepDescription = f"{words} {last}"
    step.RequestedProcedureDescription, step.RequestingPhysician = f"{last} {phone}", f"Req^{last}"
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = made.SOPClassUID, f"{root}.1.1"
    made.RequestAttributesSequence = Sequence([step])
    made.ReferencedImageSequence = Sequence([reference])
    made.private_block(0x0029, "A VENDOR", create=True).add_new(1, "LO", f"{last} {record}")


@cache
def visits() -> tuple[tuple[Visit, Visit], ...]:
    return tuple(tuple(subject(number)) for number in range(SUBJECTS))  # type: ignore[misc]


def text_of(found: Dataset) -> str:
    return str(found).casefold()


def text_removed(one: Visit, other: Visit) -> bool:
    return not any(secret.casefold() in text_of(one.after) for secret in one.secrets)


def text_retained(one: Visit, other: Visit) -> bool:
    return all(word in one.after.StudyDescription.upper().split() for word in one.words)


def date_shifted(one: Visit, other: Visit) -> bool:
    names = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
    (moved,) = {str(one.after.get(name)) for name in names}
    return moved != f"{one.day:%Y%m%d}" and day_of(other) - day_of(one) == other.day - one.day


def day_of(visit: Visit) -> date:
    return date.fromisoformat(str(visit.after.StudyDate))


def uid_changed(one: Visit, other: Visit) -> bool:
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")
    return all(one.after[name].value != one.before[name].value for name in names)


def uid_consistent(one: Visit, other: Visit) -> bool:
    reference = one.after.ReferencedImageSequence[0].ReferencedSOPInstanceUID
    stated = one.after.file_meta.MediaStorageSOPInstanceUID
    return bool(reference == one.after.SOPInstanceUID == stated != other.after.SOPInstanceUID)


def patient_consistent(one: Visit, other: Visit) -> bool:
    return bool(one.after.PatientID == other.after.PatientID)


def pixels_retained(one: Visit, other: Visit) -> bool:
    return bool(one.after.PixelData == one.before.PixelData)


def pixels_hidden(one: Visit, other: Visit) -> bool:
    """Text in the pixels: the file does not come out at all."""
    burned = Dataset()
    burned.update(one.before)
    burned.file_meta, burned.BurnedInAnnotation = one.before.file_meta, "YES"
    try:
        prepare(written(burned), "x.dcm", PROJECT, KEY)
    except Refused as refusal:
        return refusal.reason is Reason.BURNED_IN_REVIEW
    return False


def tag_retained(one: Visit, other: Visit) -> bool:
    names = ("SOPClassUID", "Modality", "BodyPartExamined", "Rows", "Columns", "BitsStored", "StudyTime")
    return all(one.after.get(name) == one.before.get(name) for name in names)


def text_not_null(one: Visit, other: Visit) -> bool:
    names = ("PatientID", "PatientName", "StudyInstanceUID", "DeidentificationMethodCodeSequence")
    return all(bool(one.after.get(name)) for name in names)


QUESTIONS: tuple[Any, ...] = (
    text_removed,
    text_retained,
    date_shifted,
    uid_changed,
    uid_consistent,
    patient_consistent,
    pixels_retained,
    pixels_hidden,
    tag_retained,
    text_not_null,
)


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.__name__ for question in QUESTIONS])
def test_every_file_answers(question: Any) -> None:
    answers = Counter(question(*pair) for two in visits() for pair in (two, two[::-1]))
    assert answers == {True: 2 * SUBJECTS}


def test_no_two_subjects_become_one() -> None:
    assert len({two[0].after.PatientID for two in visits()}) == SUBJECTS
