"""What a writer forgot around the pixels costs no pixel: it is passed over or put back, and noted."""

import io

import numpy as np
import pytest
from pydicom import dcmread, uid

from medloop.deidentify.file import deidentify
from medloop.imaging.picture import Picture
from medloop.imaging.read import read_image
from medloop.rules.project import Deidentification
from medloop.rules.pseudonyms import Pseudonyms
from medloop.rules.reasons import Reason, Refused
from tests.images import compressed, dicom, jpeg, jpeg_dicom, ramp

STORED = ramp(16, 16, "u1", step=1)
ITEM, ITEM_END, SEQUENCE_END = (b"\xfe\xff" + number for number in (b"\x00\xe0", b"\x0d\xe0", b"\xdd\xe0"))
WINDOW = b"\x28\x00\x50\x10DS"


def element(tag: bytes, vr: bytes, value: bytes) -> bytes:
    return tag + vr + len(value).to_bytes(2, "little") + value


LOST = element(b"\x08\x00\x16\x00", b"UI", b"1.2.3.4\x00") + element(b"\x10\x00\x10\x00", b"PN", b"Else^Ida")
"""What an item holds whose sequence is lost: elements that the data set itself has as well."""


def with_strays(strays: bytes) -> bytes:
    """An image with `strays` between two of its elements."""
    whole = dicom(STORED, WindowCenter=[1])
    at = whole.index(WINDOW)
    return whole[:at] + strays + whole[at:]


@pytest.mark.parametrize(
    "strays",
    [
        ITEM + len(LOST).to_bytes(4, "little") + LOST,
        ITEM + bytes(4) + LOST + ITEM_END + bytes(4) + SEQUENCE_END + bytes(4),
        element(b"\x28\x00\x09\x00", b"AT", b"") + ITEM + bytes(4) + LOST,
    ],
    ids=["an item of a stated length", "an empty sequence's item", "an empty item"],
)
def test_items_outside_of_a_sequence_are_passed_over(strays: bytes) -> None:
    read = picture(with_strays(strays))
    np.testing.assert_array_equal(read.values, STORED)
    assert read.identity.patient_id == "FICTION-001"
    assert read.facts["deviations"] == "stray_items"
    assert read.facts["modality"] == "MR"


def test_nothing_of_such_an_item_is_handed_on() -> None:
    data = with_strays(ITEM + bytes(4) + LOST + ITEM_END + bytes(4))
    clean = deidentify(data, Deidentification(), Pseudonyms(bytes(32), "project")).content
    assert b"Ida" not in clean
    assert "deviations" not in picture(clean).facts
    assert dcmread(io.BytesIO(clean)).SOPClassUID == dcmread(io.BytesIO(dicom(STORED))).SOPClassUID


def test_an_item_that_nothing_ends_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        read_image(with_strays(ITEM + b"\xff" * 4))
    assert refused.value.reason is Reason.BAD_HEADER


@pytest.mark.parametrize("format_", ["JPEG", "JPEG2000"])
def test_the_last_delimiter_may_be_missing(format_: str) -> None:
    syntax = uid.JPEGBaseline8Bit if format_ == "JPEG" else uid.JPEG2000Lossless
    whole = jpeg_dicom(STORED, format_, syntax)
    assert whole.endswith(SEQUENCE_END + bytes(4))
    read = picture(whole[:-8])
    np.testing.assert_array_equal(read.values, picture(whole).values)
    assert read.facts["deviations"] == "delimiter"
    pseudonyms = Pseudonyms(bytes(32), "project")
    clean = [deidentify(data, Deidentification(), pseudonyms).content for data in (whole, whole[:-8])]
    assert clean[0] == clean[1]


def test_a_codestream_that_is_cut_off_lacks_more_than_a_delimiter() -> None:
    frame = jpeg(STORED)
    whole = compressed(STORED, frame[: len(frame) // 4 * 2], uid.JPEGBaseline8Bit)
    with pytest.raises(Refused) as refused:
        read_image(whole[:-8])
    assert refused.value.reason is Reason.TRUNCATED


def picture(data: bytes) -> Picture:
    read = read_image(data)
    assert isinstance(read, Picture)
    return read
