"""What lies beside the pixels - overlays, curves, icons, private and document parts - is gone at any depth.

The canary is in no attribute that names the patient: nothing but its place gives it away.
"""

import io

import numpy as np
import pytest
from pydicom import Dataset, dcmread, uid
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as Items

from medloop.deidentify.file import deidentify
from medloop.rules.project import Deidentification
from medloop.rules.reasons import Reason, Refused
from tests.identified import NAMES, SYNTAXES, nested
from tests.images import dataset, jpeg_dicom, ramp, written

CANARY = "ZQCANARY"
BYTES = CANARY.encode()

CAREFUL = Deidentification()
GENEROUS = Deidentification(
    retain_uids=True,
    retain_device_identity=True,
    retain_institution_identity=True,
    retain_patient_characteristics=True,
    clean_descriptors=True,
    retain_safe_private=True,
    dates="retain",
)
PDF, REPORT, STRUCTURED = (
    "1.2.840.10008.5.1.4.1.1.104.1",
    "1.2.840.10008.5.1.4.1.1.88.11",
    "1.2.840.10008.5.1.4.1.1.88.33",
)


def items(*made: Dataset) -> Items:
    return Items(made)


def overlays() -> Dataset:
    """Groups 6000 to 601E: bits over the picture, and what they are called."""
    made = Dataset()
    for group in range(0x6000, 0x6020, 2):
        made.add_new(group << 16 | 0x0010, "US", 8)
        made.add_new(group << 16 | 0x0022, "LO", CANARY)
        made.add_new(group << 16 | 0x1500, "LO", CANARY)
        made.add_new(group << 16 | 0x3000, "OW", BYTES)
        made.add_new(group << 16 | 0x4000, "LT", CANARY)
    return made


def curves() -> Dataset:
    """Groups 5000 to 501E: curves, their axes, and sound."""
    made = Dataset()
    for group in range(0x5000, 0x5020, 2):
        made.add_new(group << 16 | 0x0022, "LO", CANARY)
        made.add_new(group << 16 | 0x0030, "SH", CANARY)
        made.add_new(group << 16 | 0x0040, "SH", CANARY)
        made.add_new(group << 16 | 0x200C, "OB", BYTES)
        made.add_new(group << 16 | 0x200E, "LT", CANARY)
        made.add_new(group << 16 | 0x2500, "LO", CANARY)
        made.add_new(group << 16 | 0x2600, "SQ", items(text()))
        made.add_new(group << 16 | 0x3000, "OW", BYTES)
    return made


def text() -> Dataset:
    made = Dataset()
    made.CodeMeaning = CANARY
    return made


def icon(encapsulated: bool) -> Dataset:
    """A small picture of the patient, as it was before anything was blackened in the large one."""
    small = Dataset()
    small.Rows, small.Columns, small.SamplesPerPixel, small.PhotometricInterpretation = 2, 4, 1, "MONOCHROME2"
    small.BitsAllocated = small.BitsStored = 8
    small.HighBit, small.PixelRepresentation = 7, 0
    small.PixelData = encapsulate([BYTES]) if encapsulated else BYTES
    small["PixelData"].VR = "OB"
    small["PixelData"].is_undefined_length = encapsulated
    made = Dataset()
    made.IconImageSequence = items(small)
    return made


def icon_of_a_reference() -> Dataset:
    """Icons stand in items that name other pictures as well, and those items stay."""
    made = icon(encapsulated=False)
    made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = uid.MRImageStorage, "1.2.3"
    outer = Dataset()
    outer.ReferencedImageSequence = items(made)
    return outer


def private() -> Dataset:
    """Of makers known and unknown, in plain values, in sequences, and without a creator."""
    made = Dataset()
    for group, creator in ((0x0029, "SIEMENS CSA HEADER"), (0x0043, "GEMS_PARM_01"), (0x0099, CANARY)):
        block = made.private_block(group, creator, create=True)
        block.add_new(0x01, "LO", CANARY)
        block.add_new(0x02, "UN", BYTES)
        inner = text()
        inner.private_block(group, creator, create=True).add_new(0x01, "UT", CANARY)
        block.add_new(0x03, "SQ", items(inner))
    made.add_new(0x00651001, "LO", CANARY)
    return made


def document() -> Dataset:
    """A PDF in an object that says it is a picture."""
    made = Dataset()
    made.DocumentTitle, made.MIMETypeOfEncapsulatedDocument = CANARY, "application/pdf"
    made.EncapsulatedDocument = b"%PDF-1.7 " + BYTES + b"\x00"
    return made


def report() -> Dataset:
    """The tree of a structured report in an object that says it is a picture."""
    leaf, person, branch, made = Dataset(), Dataset(), Dataset(), Dataset()
    leaf.RelationshipType, leaf.ValueType, leaf.TextValue = "CONTAINS", "TEXT", CANARY
    leaf.ConceptNameCodeSequence = items(text())
    person.RelationshipType, person.ValueType, person.PersonName = "HAS OBS CONTEXT", "PNAME", CANARY
    branch.RelationshipType, branch.ValueType, branch.ContentSequence = (
        "CONTAINS",
        "CONTAINER",
        items(leaf, person),
    )
    made.ContentSequence = items(branch)
    made.VerifyingObserverSequence = items(person)
    return made


PLACES = {
    "overlays": overlays(),
    "curves": curves(),
    "an icon": icon(encapsulated=False),
    "an icon of a reference": icon_of_a_reference(),
    "private attributes": private(),
    "a document": document(),
    "a report's tree": report(),
}


@pytest.mark.parametrize("policy", [CAREFUL, GENEROUS], ids=["careful", "generous"])
@pytest.mark.parametrize("syntax", [*SYNTAXES, uid.DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_left_of(place: str, depth: int, syntax: str, policy: Deidentification) -> None:
    data = written(nested(PLACES[place], depth), syntax)
    assert BYTES in data or syntax == uid.DeflatedExplicitVRLittleEndian
    found = deidentify(data, policy, NAMES).content
    assert BYTES not in found
    assert dcmread(io.BytesIO(found)).PixelData == dcmread(io.BytesIO(data)).PixelData


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_nothing_is_left_of_a_compressed_icon(depth: int) -> None:
    """Its fragments look like those of the picture itself, and must not be taken for them."""
    inside = {element.keyword: element.value for element in nested(icon(encapsulated=True), depth)}
    sequences = {keyword: value for keyword, value in inside.items() if isinstance(value, Items)}
    data = jpeg_dicom(ramp(dtype="u1"), "JPEG", uid.JPEGBaseline8Bit, **sequences)
    found = deidentify(data, CAREFUL, NAMES).content
    assert BYTES in data and BYTES not in found
    before, after = (dcmread(io.BytesIO(content)).pixel_array for content in (data, found))
    assert np.array_equal(before, after)


FILE_META: dict[str, object] = {
    "ImplementationVersionName": CANARY,
    "SourceApplicationEntityTitle": CANARY,
    "SendingApplicationEntityTitle": CANARY,
    "ReceivingApplicationEntityTitle": CANARY,
    "SourcePresentationAddress": CANARY,
    "SendingPresentationAddress": CANARY,
    "ReceivingPresentationAddress": CANARY,
    "PrivateInformation": BYTES,
}
"""Whatever may name a machine, a person or a place before the data set."""


@pytest.mark.parametrize("keyword", FILE_META)
def test_nothing_is_left_of_the_file_meta_group(keyword: str) -> None:
    read = dcmread(io.BytesIO(written(dataset(ramp()))))
    read.preamble = BYTES.ljust(128, b"\x00")
    read.file_meta.PrivateInformationCreatorUID = "1.2.3"
    setattr(read.file_meta, keyword, FILE_META[keyword])
    buffer = io.BytesIO()
    read.save_as(buffer, enforce_file_format=True)
    found = deidentify(buffer.getvalue(), CAREFUL, NAMES).content
    assert buffer.getvalue().count(BYTES) == 2 and BYTES not in found


@pytest.mark.parametrize("with_pixels", [False, True])
@pytest.mark.parametrize(
    ("sop_class", "content"), [(PDF, document()), (REPORT, report()), (STRUCTURED, report())]
)
def test_documents_are_refused_without_a_word_of_them(
    sop_class: str, content: Dataset, with_pixels: bool
) -> None:
    made = nested(content, 0)
    made.SOPClassUID = sop_class
    if not with_pixels:
        del made.PixelData
    with pytest.raises(Refused) as refusal:
        deidentify(written(made), GENEROUS, NAMES)
    assert refusal.value.reason is Reason.UNSUPPORTED_SOP_CLASS
    assert CANARY not in f"{refusal.value!r} {refusal.value} {refusal.value.facts}"
