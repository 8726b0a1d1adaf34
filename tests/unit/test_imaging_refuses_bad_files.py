"""Every bad input ends as the reason that fits, with what was measured."""

import numpy as np
import pytest
from PIL import Image
from pydicom import uid

from local.samples import bad_files
from medloop.imaging.read import read_image
from medloop.rules.reasons import Reason, Refused
from tests.images import DX, compressed, dicom, jpeg, png, png_claiming, ramp, rle_dicom, saved

US, SC = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.7"
SMALL = ramp(8, 8, "u1", step=3)
NIFTI = (348).to_bytes(4, "little") + bytes(340) + b"n+1\x00" + bytes(60)
ANIMATED = saved(
    Image.fromarray(SMALL), "PNG", save_all=True, append_images=[Image.fromarray(SMALL.T.copy())]
)

BAD: dict[str, tuple[bytes, Reason]] = {
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Reason.NOT_AN_IMAGE),
    "noise": (bytes(range(1, 255)), Reason.NOT_AN_IMAGE),
    "zeros": (bytes(4096), Reason.NOT_AN_IMAGE),
    "pdf": (b"%PDF-1.7\n", Reason.NOT_AN_IMAGE),
    "nifti": (NIFTI, Reason.UNSUPPORTED_FORMAT),
    "tiff": (saved(Image.fromarray(SMALL), "TIFF"), Reason.UNSUPPORTED_FORMAT),
    "numpy objects": (b"\x93NUMPY\x01\x00", Reason.UNSUPPORTED_FORMAT),
    "animated png": (ANIMATED, Reason.MULTI_FRAME),
    "png of 100 megapixels": (png_claiming(10_000, 10_000), Reason.PIXEL_LIMIT),
    "png of no pixels": (png_claiming(0, 10), Reason.BAD_HEADER),
    "png with too few pixels": (png_claiming(64, 64), Reason.UNDECODABLE),
    "png signature": (png(SMALL)[:8], Reason.TRUNCATED),
    "png with a broken checksum": (png(SMALL)[:30] + b"\x00" + png(SMALL)[31:], Reason.UNDECODABLE),
    "jpeg signature": (jpeg(SMALL)[:3], Reason.TRUNCATED),
    "jpeg without its last byte": (jpeg(SMALL)[:-1], Reason.TRUNCATED),
    "constant dicom": (dicom(np.full((4, 4), 9, "u2")), Reason.CONSTANT_IMAGE),
    "directory": (dicom(SMALL, SOPClassUID="1.2.840.10008.1.3.10"), Reason.UNSUPPORTED_SOP_CLASS),
    "segmentation": (dicom(SMALL, SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4"), Reason.UNSUPPORTED_SOP_CLASS),
    "dose": (dicom(SMALL, SOPClassUID="1.2.840.10008.5.1.4.1.1.481.2"), Reason.UNSUPPORTED_SOP_CLASS),
    "several frames": (dicom(SMALL, NumberOfFrames=2), Reason.MULTI_FRAME),
    "several frames unannounced": (dicom(SMALL, PixelData=4 * SMALL.tobytes()), Reason.PIXEL_LENGTH_MISMATCH),
    "billions of pixels": (dicom(SMALL, Rows=65535, Columns=65535), Reason.PIXEL_LIMIT),
    "ultrasound unstated": (
        dicom(SMALL, SOPClassUID=US, Modality="US", BurnedInAnnotation=None),
        Reason.BURNED_IN_REVIEW,
    ),
    "capture of another modality": (
        dicom(SMALL, SOPClassUID=SC, Modality="CT", BurnedInAnnotation=None),
        Reason.BURNED_IN_REVIEW,
    ),
    "no photometric": (dicom(SMALL, PhotometricInterpretation=None), Reason.BAD_HEADER),
    "no sign": (dicom(SMALL, PixelRepresentation=None), Reason.BAD_HEADER),
    "more bits than room": (dicom(SMALL, BitsStored=9), Reason.BAD_HEADER),
    "slope of zero": (dicom(SMALL, RescaleSlope="0"), Reason.BAD_HEADER),
    "palette without tables": (dicom(SMALL, PhotometricInterpretation="PALETTE COLOR"), Reason.BAD_HEADER),
    "rle that ends early": (
        compressed(SMALL, rle_frame := bytes([1, 0, 0, 0, 64]) + bytes(61), uid.RLELossless),
        Reason.PIXEL_LENGTH_MISMATCH,
    ),
    "rle with other segments": (
        compressed(SMALL, b"\x09" + rle_frame[1:], uid.RLELossless),
        Reason.BAD_HEADER,
    ),
    "jpeg larger than its header": (
        compressed(SMALL, jpeg(ramp(64, 64, "u1", step=1)), uid.JPEGBaseline8Bit),
        Reason.EXPANSION_LIMIT,
    ),
    "jpeg smaller than its header": (
        compressed(ramp(64, 64, "u1", step=1), jpeg(SMALL), uid.JPEGBaseline8Bit),
        Reason.BAD_HEADER,
    ),
    "jpeg lossless": (compressed(SMALL, jpeg(SMALL), uid.JPEGLosslessSV1), Reason.UNDECODABLE),
    "fragments of junk": (compressed(SMALL, bytes(100), uid.JPEG2000Lossless), Reason.UNDECODABLE),
}


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_for_its_reason(name: str) -> None:
    content, reason = BAD[name]
    with pytest.raises(Refused) as refusal:
        read_image(content)
    assert refusal.value.reason is reason


@pytest.mark.parametrize("name", sorted(bad_files()))
def test_the_bad_files_of_the_demo_are_what_they_say(name: str) -> None:
    content, reason = bad_files()[name]
    with pytest.raises(Refused) as refusal:
        read_image(content)
    assert refusal.value.reason is reason


def test_every_reason_of_the_imaging_floor_has_a_bad_file() -> None:
    decided_without_content = {
        Reason.TOO_LARGE,
        Reason.MISPLACED,
        Reason.UNKNOWN_PROJECT,
        Reason.UNKNOWN_CLASS,
        Reason.INVALID_PROJECT,
    }
    assert {reason for _, reason in bad_files().values()} == set(Reason) - decided_without_content


@pytest.mark.parametrize("data", [png(SMALL), jpeg(SMALL), dicom(SMALL), rle_dicom(SMALL)])
def test_the_name_never_decides(data: bytes) -> None:
    """There is no name to go by: content alone is given."""
    assert read_image(data).values.shape == (8, 8)


def test_a_cut_file_tells_how_much_is_missing() -> None:
    whole = dicom(ramp(32, 32))
    with pytest.raises(Refused) as refusal:
        read_image(whole[:-100])
    assert refusal.value.facts["expected_bytes"] == len(whole)
    assert refusal.value.facts["actual_bytes"] == len(whole) - 100


def test_wrong_lengths_tell_what_was_expected() -> None:
    with pytest.raises(Refused) as refusal:
        read_image(dicom(SMALL, PixelData=bytes(10)))
    assert refusal.value.facts == {"expected_bytes": 64, "actual_bytes": 10, "rows": 8, "columns": 8}


def test_an_undecodable_syntax_is_named() -> None:
    with pytest.raises(Refused) as refusal:
        read_image(compressed(SMALL, b"\xff\xd8", uid.JPEGLSLossless))
    assert refusal.value.facts == {"transfer_syntax": "jpeg_ls_lossless"}


def test_stated_as_clean_an_ultrasound_is_read() -> None:
    assert read_image(dicom(SMALL, SOPClassUID=US, Modality="US")).facts["modality"] == "US"


def test_radiography_may_leave_burned_in_text_unstated() -> None:
    data = dicom(SMALL, SOPClassUID=DX, Modality="DX", BurnedInAnnotation=None)
    assert read_image(data).facts["modality"] == "DX"


def test_a_truncated_jpeg_within_dicom_is_undecodable() -> None:
    whole = jpeg(ramp(64, 64, "u1", step=7))
    with pytest.raises(Refused) as refusal:
        read_image(compressed(ramp(64, 64, "u1"), whole[: len(whole) // 2], uid.JPEGBaseline8Bit))
    assert refusal.value.reason is Reason.UNDECODABLE
