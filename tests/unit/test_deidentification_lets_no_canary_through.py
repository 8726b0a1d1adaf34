"""What names the patient is nowhere in the bytes of the result, wherever it was written."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import DataElement, Dataset, config, dcmread

from medloop.deidentify.standard import dictionary
from medloop.rules.project import Deidentification
from tests.identified import ROOT, SYNTAXES, cleaned, nested
from tests.images import dataset, ramp, written

CANARY = "ZQCANARY"
_TEXT = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}
_PICTURE = {0x0028, 0x7FE0, 0x0008001A, 0x00080005}
_TAGS = [
    tag
    for tag, vr in dictionary().items()
    if vr.decode() in _TEXT and tag >> 16 not in _PICTURE and tag not in _PICTURE and tag >> 16 >= 8
]
POLICIES = [
    Deidentification(),
    Deidentification(dates="remove"),
    Deidentification(
        retain_uids=True,
        retain_device_identity=True,
        retain_institution_identity=True,
        retain_patient_characteristics=True,
        clean_descriptors=True,
        retain_safe_private=True,
        dates="retain",
    ),
]


def named(tags: list[int], text: str = CANARY) -> Dataset:
    made = Dataset()
    for tag in tags:
        made.add(DataElement(tag, dictionary()[tag].decode(), text, validation_mode=config.IGNORE))
    return made


def picture(inner: Dataset, depth: int) -> Dataset:
    made = nested(inner, depth)
    made.PatientID, made.PatientName = f"{CANARY}-77", f"{CANARY}^Nora"
    made.Modality = "MR"
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    return made


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_in_every_text_attribute_of_the_standard(depth: int, policy: Deidentification) -> None:
    assert len(_TAGS) > 1000
    found = cleaned(written(picture(named(_TAGS), depth)), policy).content
    assert CANARY.encode() not in found.upper()


@settings(max_examples=60, deadline=None)
@given(
    tags=st.lists(st.sampled_from(_TAGS), min_size=1, max_size=8, unique=True),
    depth=st.integers(0, 6),
    syntax=st.sampled_from(SYNTAXES),
    policy=st.sampled_from(POLICIES),
    around=st.sampled_from(["{}", "OF {} 77", "MR {}", "A_{}_B"]),
)
def test_in_any_mixture(
    tags: list[int], depth: int, syntax: str, policy: Deidentification, around: str
) -> None:
    text = around.format(CANARY)
    found = cleaned(written(picture(named(tags, text), depth), syntax), policy).content
    assert CANARY.encode() not in found.upper()


@pytest.mark.parametrize("safe", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("depth", [0, 2])
def test_in_private_attributes(depth: int, syntax: str, safe: bool) -> None:
    inner = Dataset()
    block = inner.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x10, "LO", CANARY)
    block.add_new(0x11, "OB", CANARY.encode())
    unknown = inner.private_block(0x0099, CANARY, create=True)
    unknown.add_new(0x01, "UT", CANARY)
    policy = Deidentification(retain_safe_private=safe)
    assert CANARY.encode() not in cleaned(written(picture(inner, depth), syntax), policy).content


def test_in_overlays_curves_icons_and_unknown_attributes() -> None:
    made = picture(Dataset(), 0)
    made.add_new(0x60003000, "OW", CANARY.encode())
    made.add_new(0x60004000, "LT", CANARY)
    made.add_new(0x60020022, "LO", CANARY)
    made.add_new(0x50003000, "OW", CANARY.encode())
    made.add_new(0x50000040, "LO", CANARY)
    icon = dataset(ramp())
    icon.PixelData = CANARY.encode()
    made.IconImageSequence = [icon]
    made.add_new(0x00091FFF, "UT", CANARY)
    made.add_new(0x0008FFF0, "LO", CANARY)
    made.add_new(0xFFFCFFFC, "OB", CANARY.encode() * 2)
    assert CANARY.encode() not in cleaned(written(made)).content


def test_in_preamble_and_file_meta_group() -> None:
    made = picture(Dataset(), 0)
    data = written(made)
    read = dcmread(io.BytesIO(data))
    read.preamble = CANARY.encode().ljust(128, b"\x00")
    read.file_meta.SourceApplicationEntityTitle = CANARY
    read.file_meta.PrivateInformationCreatorUID = f"{ROOT}.9"
    read.file_meta.PrivateInformation = CANARY.encode()
    buffer = io.BytesIO()
    read.save_as(buffer, enforce_file_format=True)
    found = cleaned(buffer.getvalue()).content
    assert CANARY.encode() not in found and ROOT.encode() not in found
    assert found[:132] == bytes(128) + b"DICM"


def test_in_pixel_padding_behind_the_data_set() -> None:
    data = written(picture(Dataset(), 0)) + b"\xfc\xff\xfc\xffOB\x00\x00\x08\x00\x00\x00" + CANARY.encode()
    assert CANARY.encode() not in cleaned(data).content
