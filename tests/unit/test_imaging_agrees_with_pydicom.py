"""What our own reading of DICOM finds is what pydicom finds, over the test files in pydicom's wheel."""

import logging
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.data
import pytest
from numpy.typing import NDArray
from pydicom.pixels import apply_color_lut, apply_modality_lut

from medloop.imaging.dicom.file import open_dicom
from medloop.imaging.dicom.image import read_dicom_file
from medloop.imaging.picture import Picture
from medloop.rules.reasons import Reason, Refused

FOLDER = Path(pydicom.data.__file__).parent
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})


SIBLINGS = {
    "MR_small_jpeg_ls_lossless.dcm": "MR_small.dcm",
    "SC_rgb_jpeg_gdcm.dcm": "SC_rgb_gdcm_KY.dcm",
}
"""Files of codecs that pydicom has no decoder for here, and the same picture in one that it has."""


def ours(data: bytes) -> Picture | Reason:
    """Most test files are secondary captures that say nothing of burned-in text."""
    try:
        return read_dicom_file(open_dicom(data), burned_in="accept")
    except Refused as refusal:
        return refusal.reason


def theirs(path: Path) -> NDArray[Any] | None:
    """The modality values, bright = high; None where pydicom has none either."""
    path = path.with_name(SIBLINGS.get(path.name, path.name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            file = pydicom.dcmread(path, force=True)
            stored = file.pixel_array
        except (AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError, ValueError):
            return None
        if file.PhotometricInterpretation == "PALETTE COLOR":
            return apply_color_lut(stored, file)
        if file.SamplesPerPixel == 3:
            return stored
        values = np.asarray(apply_modality_lut(stored, file))
        return mirrored(values, file) if file.PhotometricInterpretation == "MONOCHROME1" else values


def mirrored(values: NDArray[Any], file: pydicom.FileDataset) -> NDArray[Any]:
    """Within all that the stored bits can hold, once rescaled."""
    assert file.PixelRepresentation == 0
    ends = apply_modality_lut(np.array([0, 2**file.BitsStored - 1], "u4"), file)
    return np.asarray(ends.astype("f8").sum() - values)


def test_every_picture_has_the_same_pixels() -> None:
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    compared: Counter[str] = Counter()
    for path in FILES:
        picture, reference = ours(path.read_bytes()), theirs(path)
        if isinstance(picture, Picture) and reference is not None:
            np.testing.assert_allclose(picture.values, reference, rtol=1e-6, err_msg=path.name)
            compared[str(picture.facts["transfer_syntax"])] += 1
    assert compared.total() >= 85
    assert compared.keys() >= {
        "implicit_little",
        "explicit_little",
        "explicit_big",
        "deflated",
        "rle",
        "jpeg_baseline",
        "jpeg_lossless_sv1",
        "jpeg_ls_lossless",
        "jpeg_2000_lossless",
        "jpeg_2000",
    }


def test_what_pydicom_reads_is_read_or_no_image() -> None:
    """What it shows and we refuse are doses, segmentations, and what no scanner has measured."""
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    refused = {
        path.name: found
        for path in FILES
        if isinstance(found := ours(path.read_bytes()), Reason) and theirs(path) is not None
    }
    assert set(refused.values()) == {Reason.UNSUPPORTED_SOP_CLASS}, refused


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MR_truncated.dcm", Reason.TRUNCATED),
        ("rtplan.dcm", Reason.UNSUPPORTED_SOP_CLASS),
        ("test-SR.dcm", Reason.UNSUPPORTED_SOP_CLASS),
        ("dicomdirtests/DICOMDIR", Reason.UNSUPPORTED_SOP_CLASS),
        ("liver_1frame.dcm", Reason.UNSUPPORTED_SOP_CLASS),
        ("meta_missing_tsyntax.dcm", Reason.BAD_HEADER),
    ],
)
def test_what_is_no_picture_here_is_named(name: str, reason: Reason) -> None:
    assert ours((FOLDER / "test_files" / name).read_bytes()) is reason
