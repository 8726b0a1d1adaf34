"""All frames of a DICOM object come out, in their order, each as a file of its own would have it."""

from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.sequence import Sequence

from medloop.imaging.dicom.image import read_dicom
from medloop.rules.reasons import Reason, Refused
from tests.images import MR, dataset, ramp, written

NM, US_FRAMES = uid.NuclearMedicineImageStorage, uid.UltrasoundMultiFrameImageStorage
GREY = np.stack([ramp(5, 7), ramp(5, 7, step=11), ramp(5, 7)[::-1]])
COLOUR = np.stack([ramp(4, 9, "u1", step=step).reshape(4, 3, 3) for step in (1, 5)])


def several(frames: NDArray[Any], sop_class: str = NM, **changes: Any) -> Dataset:
    """Uncompressed; the header describes the first frame."""
    made = dataset(frames[0], SOPClassUID=sop_class, NumberOfFrames=len(frames))
    content = frames.tobytes()
    made.PixelData = content + b"\x00" * (len(content) % 2)
    for keyword, value in changes.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return made


def packed(frames: NDArray[Any], streams: list[bytes], **changes: Any) -> Dataset:
    made = several(frames, **changes)
    made.PixelData = encapsulate(streams)
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    return made


def jpeg_2000(frames: NDArray[Any]) -> list[bytes]:
    return [bytes(imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True)) for frame in frames]


@pytest.mark.parametrize("frames", [GREY, GREY.astype("u1"), GREY.astype("i2"), COLOUR])
def test_one_after_another(frames: NDArray[Any]) -> None:
    picture = read_dicom(written(several(frames)))
    np.testing.assert_array_equal(picture.values, frames)
    assert picture.facts["frames"] == len(picture.frames) == len(frames)
    assert picture.facts["channels"] == (3 if frames.ndim == 4 else 1)


@pytest.mark.parametrize("offsets", ["none", "basic", "extended"])
def test_compressed_frames_with_and_without_a_table(offsets: str) -> None:
    made = packed(GREY, streams := jpeg_2000(GREY))
    if offsets == "none":
        made.PixelData = encapsulate(streams, has_bot=False)
    if offsets == "extended":
        made.PixelData, made.ExtendedOffsetTable, made.ExtendedOffsetTableLengths = encapsulate_extended(
            streams
        )
    picture = read_dicom(written(made, uid.JPEG2000Lossless))
    np.testing.assert_array_equal(picture.values, GREY)


def test_frames_in_several_fragments_each() -> None:
    made = packed(GREY, streams := jpeg_2000(GREY))
    made.PixelData = encapsulate(streams, fragments_per_frame=2)
    picture = read_dicom(written(made, uid.JPEG2000Lossless))
    np.testing.assert_array_equal(picture.values, GREY)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_number_that_is_not_stated_is_counted(compressed: bool) -> None:
    if compressed:
        data = written(packed(GREY, jpeg_2000(GREY), NumberOfFrames=None), uid.JPEG2000Lossless)
    else:
        data = written(several(GREY, NumberOfFrames=None))
    picture = read_dicom(data)
    np.testing.assert_array_equal(picture.values, GREY)
    assert picture.facts["deviations"] == "frames_counted"


def test_more_frames_than_a_single_image_may_have_contradict_it() -> None:
    with pytest.raises(Refused) as refusal:
        read_dicom(written(several(GREY, sop_class=MR, NumberOfFrames=None)))
    assert refusal.value.reason is Reason.PIXEL_LENGTH_MISMATCH


@pytest.mark.parametrize("stated", [2, 4])
def test_another_number_than_there_are_is_refused(stated: int) -> None:
    for made, syntax in (
        (several(GREY, NumberOfFrames=stated), uid.ExplicitVRLittleEndian),
        (packed(GREY, jpeg_2000(GREY), NumberOfFrames=stated), uid.JPEG2000Lossless),
    ):
        with pytest.raises(Refused):
            read_dicom(written(made, syntax))


def test_single_bits_go_on_within_a_byte() -> None:
    """15 bits a frame: the second one starts at the last bit of the second byte (PS3.5 §8.1.1)."""
    bits = np.random.default_rng(3).integers(0, 2, (3, 3, 5)).astype("u1")
    made = several(bits, sop_class=US_FRAMES, BitsAllocated=1, BitsStored=1, HighBit=0)
    made.PixelData = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    np.testing.assert_array_equal(read_dicom(written(made)).values, bits)


def test_each_frame_has_its_own_scale() -> None:
    """Enhanced objects state it in their functional groups (PS3.3 C.7.6.16.2.9)."""

    def group(slope: str, intercept: str) -> Dataset:
        transformation, item = Dataset(), Dataset()
        transformation.RescaleSlope, transformation.RescaleIntercept = slope, intercept
        transformation.RescaleType = "US"
        item.PixelValueTransformationSequence = Sequence([transformation])
        return item

    scales = [("1", "0"), ("2", "-100"), ("0.5", "7")]
    made = several(GREY, sop_class=uid.EnhancedMRImageStorage)
    made.PerFrameFunctionalGroupsSequence = Sequence([group(*scale) for scale in scales])
    expected = [
        frame * float(slope) + float(intercept)
        for frame, (slope, intercept) in zip(GREY, scales, strict=True)
    ]
    np.testing.assert_array_equal(read_dicom(written(made)).values, expected)


def test_a_palette_colours_every_frame() -> None:
    indices = np.stack([ramp(2, 4, "u1", step=1), ramp(2, 4, "u1", step=1)[::-1]])
    made = several(indices, PhotometricInterpretation="PALETTE COLOR")
    tables = np.random.default_rng(5).integers(0, 256, (3, 8)).astype("u1")
    for channel, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        setattr(made, f"{channel}PaletteColorLookupTableDescriptor", [8, 0, 8])
        made[f"{channel}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(made, f"{channel}PaletteColorLookupTableData", table.tobytes())
    picture = read_dicom(written(made))
    np.testing.assert_array_equal(picture.values, np.moveaxis(tables[:, indices], 0, -1))
    assert picture.facts["channels"] == 3
