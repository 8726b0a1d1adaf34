"""A stored value is the bits that the header names, wherever in the word they lie."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import uid

from medloop.imaging.read import read_image
from tests.images import dataset as described
from tests.images import dicom, rle_dicom, written

RANDOM = np.random.default_rng(17)


def laid_out(values: NDArray[Any], allocated: int, stored: int, high: int, junk: bool) -> NDArray[Any]:
    """Words of `allocated` bits that hold the lowest `stored` bits of the values up to bit `high`."""
    words = (values.astype("i8") & ((1 << stored) - 1)) << (high + 1 - stored)
    if junk:
        others = ((1 << allocated) - 1) ^ (((1 << stored) - 1) << (high + 1 - stored))
        words = words | (RANDOM.integers(0, 1 << allocated, values.shape) & others)
    return words.astype(f"u{allocated // 8}")


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize(
    ("allocated", "stored", "high", "junk"),
    [
        (8, 8, 7, False),
        (8, 7, 6, True),
        (16, 16, 15, False),
        (16, 10, 9, True),
        (16, 12, 11, True),
        (16, 12, 15, False),
        (16, 10, 13, False),
        (16, 15, 14, True),
        (32, 32, 31, False),
        (32, 24, 23, True),
    ],
)
def test_they_are_cut_out(
    allocated: int, stored: int, high: int, junk: bool, signed: bool, syntax: str
) -> None:
    lowest = -(1 << (stored - 1)) if signed else 0
    values = RANDOM.integers(lowest, lowest + (1 << stored), (6, 5))
    words = laid_out(values, allocated, stored, high, junk)
    data = dicom(words, syntax, BitsStored=stored, HighBit=high, PixelRepresentation=int(signed))
    read = read_image(data)
    np.testing.assert_array_equal(read.values, values.astype(np.float32))
    assert read.facts["bits"] == stored


def test_a_high_bit_that_the_values_belie_is_noted() -> None:
    """Twelve bits are said to lie at the top of the word and lie at its bottom."""
    values = RANDOM.integers(0, 4096, (6, 5)).astype("u2")
    read = read_image(dicom(values, BitsStored=12, HighBit=15))
    np.testing.assert_array_equal(read.values, values)
    assert read.facts["deviations"] == "high_bit"


@pytest.mark.parametrize("signed", [False, True])
def test_run_lengths_hold_them_too(signed: bool) -> None:
    values = RANDOM.integers(-2048 if signed else 0, 2048, (6, 5))
    words = laid_out(values, 16, 12, 11, junk=False)
    data = rle_dicom(words, BitsStored=12, HighBit=11, PixelRepresentation=int(signed))
    np.testing.assert_array_equal(read_image(data).values, values)


@pytest.mark.parametrize(("keyword", "dtype"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")])
def test_floating_point_pixels_are_as_they_are(keyword: str, dtype: str) -> None:
    """Parametric maps (PS3.3 C.7.6.24): no stored bits, no sign, no rescale."""
    values = RANDOM.normal(0, 1e3, (6, 5)).astype(dtype)
    made = described(values.astype("u2"), PixelData=None, SOPClassUID=uid.ParametricMapStorage)
    for absent in ("BitsStored", "HighBit", "PixelRepresentation"):
        delattr(made, absent)
    made.BitsAllocated = 8 * values.dtype.itemsize
    setattr(made, keyword, values.tobytes())
    np.testing.assert_array_equal(read_image(written(made)).values, values.astype(np.float32))


def test_monochrome1_is_turned_once_in_every_depth() -> None:
    for stored, signed in ((8, False), (12, False), (12, True), (16, False), (16, True)):
        lowest = -(1 << (stored - 1)) if signed else 0
        highest = lowest + (1 << stored) - 1
        values = RANDOM.integers(lowest, highest, (6, 5), endpoint=True)
        words = laid_out(values, 16, stored, stored - 1, junk=False)
        about = {"BitsStored": stored, "HighBit": stored - 1, "PixelRepresentation": int(signed)}
        read = read_image(dicom(words, PhotometricInterpretation="MONOCHROME1", **about))
        np.testing.assert_array_equal(read.values, lowest + highest - values)
        assert read.facts["photometric"] == "MONOCHROME1"
