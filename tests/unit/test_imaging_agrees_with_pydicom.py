"""What our own reading of DICOM finds is what pydicom finds, over the test files in pydicom's wheel."""

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.data
import pytest
from numpy.typing import NDArray
from pydicom.pixels import apply_color_lut, apply_modality_lut

from medloop.imaging.picture import Picture
from medloop.imaging.read import read_image
from medloop.rules.reasons import Reason, Refused

FOLDER = Path(pydicom.data.__file__).parent
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})


def stated_clean(data: bytes) -> bytes:
    """Most test files are secondary captures that say nothing of burned-in text; called X-rays, they pass."""
    capture, xray = b"1.2.840.10008.5.1.4.1.1.7\x00", b"1.2.840.10008.5.1.4.1.1.2\x00"
    for before, after in ((capture, xray), (b"OT", b"CT"), (b"US", b"CT")):
        data = data.replace(b"\x08\x00\x60\x00CS\x02\x00" + before, b"\x08\x00\x60\x00CS\x02\x00" + after)
        data = data.replace(capture, xray)
    return data


def ours(data: bytes) -> Picture | Reason:
    try:
        return read_image(data)
    except Refused as refusal:
        return refusal.reason


def theirs(path: Path) -> NDArray[Any] | None:
    """The modality values, bright = high; None where pydicom has none either."""
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
        return values if file.PhotometricInterpretation == "MONOCHROME2" else None


def test_every_picture_has_the_same_pixels() -> None:
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    compared = 0
    for path in FILES:
        picture = ours(stated_clean(path.read_bytes()))
        reference = theirs(path)
        if isinstance(picture, Picture) and reference is not None:
            np.testing.assert_allclose(picture.values, reference, rtol=1e-6, err_msg=path.name)
            compared += 1
    assert compared >= 60


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MR_truncated.dcm", Reason.TRUNCATED),
        ("rtplan.dcm", Reason.UNSUPPORTED_SOP_CLASS),
        ("test-SR.dcm", Reason.UNSUPPORTED_SOP_CLASS),
        ("dicomdirtests/DICOMDIR", Reason.UNSUPPORTED_SOP_CLASS),
        ("liver_1frame.dcm", Reason.UNSUPPORTED_SOP_CLASS),
        ("SC_rgb_rle_2frame.dcm", Reason.MULTI_FRAME),
        ("MR_small_jpeg_ls_lossless.dcm", Reason.UNDECODABLE),
        ("SC_rgb_jpeg.dcm", Reason.BURNED_IN_REVIEW),
        ("zipMR.gz", Reason.UNSUPPORTED_FORMAT),
        ("meta_missing_tsyntax.dcm", Reason.BAD_HEADER),
    ],
)
def test_what_is_no_picture_here_is_named(name: str, reason: Reason) -> None:
    assert ours((FOLDER / "test_files" / name).read_bytes()) is reason
