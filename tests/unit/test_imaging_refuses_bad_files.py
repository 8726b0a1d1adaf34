"""Every bad input ends as the reason that fits, with what was measured."""

import bz2
import gzip
import lzma

import pytest
from PIL import Image
from pydicom import uid

from local.samples import bad_files
from medloop.imaging.read import read_image
from medloop.intake import prepare
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused
from tests.images import DX, compressed, dicom, jpeg, png, png_claiming, ramp, rle_dicom, saved
from tests.zips import unpack

US, SC = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.7"
SMALL = ramp(8, 8, "u1", step=3)
BAD_FILES = bad_files()
PROJECT = Project(project="knees", classes=("ring", "sphere"))
NIFTI = (348).to_bytes(4, "little") + bytes(340) + b"n+1\x00" + bytes(60)
NIFTI_PAIR = NIFTI.replace(b"n+1", b"ni1")
PAGES = saved(Image.fromarray(SMALL), "TIFF", save_all=True, append_images=[Image.fromarray(SMALL[:4])])
ANIMATED = saved(
    Image.fromarray(SMALL), "PNG", save_all=True, append_images=[Image.fromarray(SMALL.T.copy())]
)

BAD: dict[str, tuple[bytes, Reason]] = {
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Reason.NOT_AN_IMAGE),
    "noise": (bytes(range(1, 255)), Reason.NOT_AN_IMAGE),
    "zeros": (bytes(4096), Reason.NOT_AN_IMAGE),
    "pdf": (b"%PDF-1.7\n", Reason.NOT_AN_IMAGE),
    "nifti of zeros": (NIFTI, Reason.BAD_HEADER),
    "nifti header of a pair": (NIFTI_PAIR, Reason.UNSUPPORTED_FORMAT),
    "gzip of something else": (gzip.compress(b"Dear colleague"), Reason.NOT_AN_IMAGE),
    "gzip of an image": (gzip.compress(dicom(SMALL)), Reason.UNSUPPORTED_FORMAT),
    "gzip of gzip": (gzip.compress(gzip.compress(b"Dear colleague")), Reason.UNSUPPORTED_FORMAT),
    "zstandard": (b"\x28\xb5\x2f\xfd\x24\x0c\x61" + bytes(60), Reason.UNSUPPORTED_FORMAT),
    "bzip2": (bz2.compress(dicom(SMALL)), Reason.UNSUPPORTED_FORMAT),
    "xz": (lzma.compress(dicom(SMALL)), Reason.UNSUPPORTED_FORMAT),
    "tar": (b"case01.dcm".ljust(257, b"\0") + b"ustar\x00" + bytes(249), Reason.UNSUPPORTED_FORMAT),
    "minc": (b"CDF\x01" + bytes(60), Reason.UNSUPPORTED_FORMAT),
    "tiff of unequal pages": (PAGES, Reason.MULTI_FRAME),
    "tiff cut": (saved(Image.fromarray(SMALL), "TIFF")[:-10], Reason.TRUNCATED),
    "numpy objects": (b"\x93NUMPY\x01\x00", Reason.UNSUPPORTED_FORMAT),
    "animated png": (ANIMATED, Reason.MULTI_FRAME),
    "png of 100 megapixels": (png_claiming(10_000, 10_000), Reason.PIXEL_LIMIT),
    "png of no pixels": (png_claiming(0, 10), Reason.BAD_HEADER),
    "png with too few pixels": (png_claiming(64, 64), Reason.PIXEL_LENGTH_MISMATCH),
    "png signature": (png(SMALL)[:8], Reason.TRUNCATED),
    "png with a broken checksum": (png(SMALL)[:30] + b"\x00" + png(SMALL)[31:], Reason.UNDECODABLE),
    "jpeg signature": (jpeg(SMALL)[:3], Reason.TRUNCATED),
    "jpeg without its last byte": (jpeg(SMALL)[:-1], Reason.TRUNCATED),
    "directory": (dicom(SMALL, SOPClassUID="1.2.840.10008.1.3.10"), Reason.UNSUPPORTED_SOP_CLASS),
    "segmentation": (dicom(SMALL, SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4"), Reason.UNSUPPORTED_SOP_CLASS),
    "dose": (dicom(SMALL, SOPClassUID="1.2.840.10008.5.1.4.1.1.481.2"), Reason.UNSUPPORTED_SOP_CLASS),
    "frames that are not there": (dicom(SMALL, NumberOfFrames=2), Reason.PIXEL_LENGTH_MISMATCH),
    "several frames unannounced": (dicom(SMALL, PixelData=4 * SMALL.tobytes()), Reason.PIXEL_LENGTH_MISMATCH),
    "billions of pixels": (dicom(SMALL, Rows=65535, Columns=65535), Reason.DECLARED_SIZE_TOO_LARGE),
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
    "fragments of junk": (compressed(SMALL, bytes(100), uid.JPEG2000Lossless), Reason.UNDECODABLE),
}


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_for_its_reason(name: str) -> None:
    content, reason = BAD[name]
    with pytest.raises(Refused) as refusal:
        read_image(content)
    assert refusal.value.reason is reason


@pytest.mark.parametrize("name", sorted(BAD_FILES))
def test_the_bad_files_of_the_demo_are_what_they_say(name: str) -> None:
    content, reason = BAD_FILES[name]
    if name.endswith(".zip"):
        assert unpack(content).reason == reason
        return
    with pytest.raises(Refused) as refusal:
        prepare(content, f"knees/labelled/ring/{name}", PROJECT, key=bytes(32))
    assert refusal.value.reason is reason


def test_every_reason_for_which_reading_refuses_has_a_bad_file() -> None:
    """The others are decided by place, policy, archive, label, manifest or series."""
    assert {reason for _, reason in BAD_FILES.values()} == {
        Reason.EMPTY,
        Reason.NOT_AN_IMAGE,
        Reason.UNSUPPORTED_FORMAT,
        Reason.UNSUPPORTED_SOP_CLASS,
        Reason.MULTI_FRAME,
        Reason.NO_PIXELS,
        Reason.NO_DATASET,
        Reason.TRUNCATED,
        Reason.ELEMENT_LENGTH_BEYOND_FILE,
        Reason.TOO_DEEP,
        Reason.TOO_MANY_ELEMENTS,
        Reason.PIXEL_LENGTH_MISMATCH,
        Reason.PIXEL_LIMIT,
        Reason.DECLARED_SIZE_TOO_LARGE,
        Reason.EXPANSION_LIMIT,
        Reason.UNDECODABLE,
        Reason.BAD_HEADER,
        Reason.BAD_UID,
        Reason.CONSTANT_IMAGE,
        Reason.NON_FINITE,
        Reason.BURNED_IN_REVIEW,
        Reason.POLYGLOT_PREAMBLE,
        Reason.ZIP_PATH,
    }


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
    expected = {"expected_bytes": 64, "actual_bytes": 10, "frames": 1, "rows": 8, "columns": 8}
    assert refusal.value.facts == expected


def test_an_undecodable_syntax_is_named() -> None:
    with pytest.raises(Refused) as refusal:
        read_image(compressed(SMALL, b"\xff\xd8", uid.JPEGLSLossless))
    assert refusal.value.reason is Reason.UNDECODABLE
    assert refusal.value.facts["transfer_syntax"] == "jpeg_ls_lossless"


@pytest.mark.parametrize("syntax", [uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless])
def test_a_stream_of_another_codec_is_read_for_what_it_is(syntax: str) -> None:
    read = read_image(compressed(SMALL, jpeg(SMALL), syntax))
    assert read.facts["deviations"] == "transfer_syntax"


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
