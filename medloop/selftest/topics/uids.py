"""Unique identifiers: well formed, truly unique, and still referring to each other when cleaned."""

from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from medloop.intake import Prepared
from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import values
from medloop.selftest.file import accepted, refused
from medloop.selftest.forge.dicom import CANARY, MR, UID_ROOT, dicom, elements, ramp, run_length
from medloop.selftest.forge.reread import clean_dataset
from medloop.selftest.policies import policy
from medloop.selftest.together import Together, as_catalogued, refused_later

PIXELS = ramp()
VOLUMES = policy("volumes", spatial_dims=3)


@case(
    "E37",
    "UIDs that refer to each other",
    "Mapped at random or by process, a reference points nowhere: the same UID becomes the same one in every "
    "file, on every day.",
)
def references() -> Iterator[Sample]:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = MR, f"{UID_ROOT}.3.41"
    first = accepted("one.dcm", dicom(PIXELS, SOPInstanceUID=f"{UID_ROOT}.3.41"), values(PIXELS))
    other = dicom(PIXELS + 1, ReferencedImageSequence=Items([reference]))
    yield Together((first, accepted("other.dcm", other, values(PIXELS + 1))), still_refer)


def still_refer(prepared: Sequence[Prepared]) -> Iterator[str]:
    one, other = (clean_dataset(each) for each in prepared)
    if one.SOPInstanceUID != other.ReferencedImageSequence[0].ReferencedSOPInstanceUID:
        yield "the reference points nowhere"
    if one.SeriesInstanceUID != other.SeriesInstanceUID or one.StudyInstanceUID != other.StudyInstanceUID:
        yield "the series fell apart"
    if one.file_meta.MediaStorageSOPInstanceUID != one.SOPInstanceUID:
        yield "the file meta group names another instance"
    if one.PatientID != other.PatientID or not one.PatientID:
        yield "the patient became two"


@case("B49", "SOPInstanceUID = /etc/x", "Used as a file name it leaves the folder.")
def path_as_uid() -> Iterator[Sample]:
    for number, text in enumerate(("/etc/x", "../../x", "2.999.x", "2..999")):
        yield refused(f"uid-{number}.dcm", dicom(PIXELS, SOPInstanceUID=text), Reason.BAD_UID)


@case("B50", "UIDs of more than 64 characters", "What a database column cuts off, two images share.")
def long_uid() -> Iterator[Sample]:
    for field in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        yield refused(f"{field}.dcm", dicom(PIXELS, **{field: "2.999." + 70 * "1"}), Reason.BAD_UID)


@case(
    "E25",
    "One SOP instance UID twice",
    "Equal bytes are one image however often they arrive; other pixels under the same UID would overwrite "
    "or delete: the second is held.",
)
def duplicate_uid() -> Iterator[Sample]:
    one = dicom(PIXELS, SOPInstanceUID=f"{UID_ROOT}.3.25")
    same = (accepted("E25/one.dcm", one), accepted("E25/copy.dcm", one))
    yield Together(same, as_catalogued)
    # The same image in another syntax: other bytes, the same pixels.
    packed = run_length(PIXELS, SOPInstanceUID=f"{UID_ROOT}.3.25")
    yield Together((same[0], accepted("E25/packed.dcm", packed)), as_catalogued)
    other = dicom(PIXELS + 1, SOPInstanceUID=f"{UID_ROOT}.3.25")
    later = refused_later("E25/other.dcm", other, Reason.UID_COLLISION)
    yield Together((same[0], later), as_catalogued, Reason.UID_COLLISION.value)


@case("B51", "Duplicate UID with other pixels", "Two exports of one study, one of them cropped.")
def colliding() -> Iterator[Sample]:
    sop = f"{UID_ROOT}.3.51"
    first = accepted("B51/whole.dcm", dicom(PIXELS, SOPInstanceUID=sop))
    cropped = refused_later("B51/cropped.dcm", dicom(PIXELS[2:], SOPInstanceUID=sop), Reason.UID_COLLISION)
    yield Together((first, cropped), as_catalogued, Reason.UID_COLLISION.value)


@case("B52", "Two patients in one series", "A wrong click at the scanner, and one volume of two people.")
def mixed_patients() -> Iterator[Sample]:
    series = elements(SeriesInstanceUID=f"{UID_ROOT}.2.52")
    first = accepted("B52/one.dcm", dicom(PIXELS, **series), project=VOLUMES)
    other = dicom(PIXELS + 1, PatientID=f"{CANARY}-4711", **series)
    later = refused_later("B52/other.dcm", other, Reason.MIXED_PATIENTS, VOLUMES)
    yield Together((first, later), as_catalogued, Reason.MIXED_PATIENTS.value)
