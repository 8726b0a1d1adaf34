"""Cut or altered anywhere, a file is read or refused: nothing else is ever raised, and nothing takes long."""

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import uid

from medloop.imaging.picture import Picture
from medloop.imaging.read import read_image
from medloop.rules.reasons import Refused
from tests.images import dicom, jpeg, jpeg_dicom, png, ramp, rle_dicom

ROUNDS = 300
SECONDS = 2.0
GREY, DEEP = ramp(32, 24, "u1", step=5), ramp(32, 24, "u2", step=41)
COLOUR = ramp(32, 72, "u1", step=7).reshape(32, 24, 3)

FILES = {
    "png": png(DEEP),
    "png colour": png(COLOUR),
    "jpeg": jpeg(GREY),
    "jpeg colour": jpeg(COLOUR),
    "implicit little": dicom(DEEP, uid.ImplicitVRLittleEndian),
    "explicit little": dicom(DEEP),
    "explicit big": dicom(DEEP, uid.ExplicitVRBigEndian),
    "deflated": dicom(DEEP, uid.DeflatedExplicitVRLittleEndian),
    "rle": rle_dicom(DEEP),
    "jpeg in dicom": jpeg_dicom(GREY, "JPEG", uid.JPEGBaseline8Bit),
    "jpeg 2000 in dicom": jpeg_dicom(GREY, "JPEG2000", uid.JPEG2000Lossless),
}


def outcome(data: bytes) -> Picture | None:
    started = time.monotonic()
    try:
        return read_image(data)
    except Refused as refusal:
        assert all(isinstance(fact, int | float | str) for fact in refusal.facts.values())
        return None
    finally:
        assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("name", FILES)
def test_a_cut_file_is_refused_or_unharmed(name: str) -> None:
    whole, chance = FILES[name], random.Random(7)
    expected = read_image(whole).values
    for _ in range(ROUNDS):
        read = outcome(whole[: chance.randrange(len(whole))])
        assert read is None or np.array_equal(read.values, expected)


@pytest.mark.parametrize("name", FILES)
def test_an_altered_header_is_refused_or_read(name: str) -> None:
    whole, chance = FILES[name], random.Random(11)
    for _ in range(ROUNDS):
        altered = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            altered[chance.randrange(min(700, len(whole)))] = chance.randrange(256)
        read = outcome(bytes(altered))
        assert read is None or np.isfinite(read.values).all()


@settings(max_examples=300, deadline=None, database=None)
@given(st.binary(max_size=400), st.sampled_from([b"", *(data[:140] for data in FILES.values())]))
def test_any_bytes_are_refused_or_read(content: bytes, beginning: bytes) -> None:
    outcome(beginning + content)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff" + b"\xff" * 2_000_000,
        FILES["png"][:33] + b"\x00\x00\x00\x00tEXt\x00\x00\x00\x00" * 200_000,
        FILES["rle"][: FILES["rle"].index(b"\xe0\x7f\x10\x00") + 12]
        + b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * 200_000,
    ],
    ids=["jpeg of fill bytes", "png of empty chunks", "dicom of empty fragments"],
)
def test_endless_small_parts_are_given_up_on(content: bytes) -> None:
    assert outcome(content) is None
