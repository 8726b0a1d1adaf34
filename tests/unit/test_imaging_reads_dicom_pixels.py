"""DICOM pixels come out as modality values, bright = high, whatever they were packed in."""

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.pixels import get_encoder
from pydicom.sequence import Sequence

from medloop.deidentify.file import deidentify
from medloop.imaging.picture import Picture
from medloop.imaging.read import read_image
from medloop.rules.project import Deidentification
from tests.identified import NAMES
from tests.images import compressed, dataset, dicom, jpeg_dicom, ramp, rle_dicom, written

NATIVE = {
    "implicit_little": uid.ImplicitVRLittleEndian,
    "explicit_little": uid.ExplicitVRLittleEndian,
    "explicit_big": uid.ExplicitVRBigEndian,
    "deflated": uid.DeflatedExplicitVRLittleEndian,
}


def values(data: bytes) -> list[list[float]]:
    shown: list[list[float]] = read_image(data).values.tolist()
    return shown


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "u4"])
@pytest.mark.parametrize("name", NATIVE)
def test_uncompressed_pixels_are_the_stored_numbers(name: str, dtype: str) -> None:
    stored = ramp(5, 7, dtype, step=3)
    read = read_image(dicom(stored, NATIVE[name]))
    assert read.facts["transfer_syntax"] == name
    assert read.values.dtype == np.float32
    np.testing.assert_array_equal(read.values, stored)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2"])
def test_run_lengths_are_unpacked(dtype: str) -> None:
    stored = ramp(5, 7, dtype, step=3)
    np.testing.assert_array_equal(read_image(rle_dicom(stored)).values, stored)


def test_run_length_colour_is_put_back_together() -> None:
    stored = ramp(4, 9, "u1", step=5).reshape(4, 3, 3)
    np.testing.assert_array_equal(read_image(rle_dicom(stored)).values, stored)


def test_jpeg_2000_lossless_is_exact() -> None:
    stored = ramp(16, 16, "u1", step=1)
    read = read_image(jpeg_dicom(stored, "JPEG2000", uid.JPEG2000Lossless))
    np.testing.assert_array_equal(read.values, stored)


def test_baseline_jpeg_is_close() -> None:
    stored = ramp(16, 16, "u1", step=1)
    read = read_image(jpeg_dicom(stored, "JPEG", uid.JPEGBaseline8Bit))
    assert np.abs(read.values - stored).max() < 8


def test_signed_twelve_bits_are_sign_extended() -> None:
    """0x0FFF is -1 in twelve bits; an overlay in the spare bits is no part of the value."""
    stored = np.array([[0x0FFF, 0x0800], [0xF7FF, 0x0000]], dtype="u2")
    data = dicom(stored, BitsStored=12, HighBit=11, PixelRepresentation=1)
    assert values(data) == [[-1, -2048], [2047, 0]]


def test_unused_bits_of_unsigned_pixels_are_cleared() -> None:
    stored = np.array([[0xF123, 0x0FFF]], dtype="u2")
    assert values(dicom(stored, BitsStored=12, HighBit=11)) == [[0x123, 0xFFF]]


def test_left_aligned_bits_are_shifted_down() -> None:
    stored = np.array([[0x1230, 0xFFF0]], dtype="u2")
    assert values(dicom(stored, BitsStored=12, HighBit=15)) == [[0x123, 0xFFF]]


def test_slope_and_intercept_are_applied_as_they_stand() -> None:
    stored = np.array([[0, 10], [20, 30]], dtype="u2")
    data = dicom(stored, RescaleSlope="-0.5", RescaleIntercept="-1000")
    assert values(data) == [[-1000, -1005], [-1010, -1015]]


def test_monochrome1_is_mirrored_in_its_bits() -> None:
    stored = np.array([[0, 4095], [1000, 1]], dtype="u2")
    data = dicom(stored, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11)
    assert values(data) == [[4095, 0], [3095, 4094]]


def test_monochrome1_is_mirrored_after_rescaling() -> None:
    """Twelve bits rescale to -10 … 8180, which mirrors 190 to 7980."""
    stored = np.array([[0, 100]], dtype="u2")
    data = dicom(
        stored,
        PhotometricInterpretation="MONOCHROME1",
        BitsStored=12,
        HighBit=11,
        RescaleSlope="2",
        RescaleIntercept="-10",
    )
    assert values(data) == [[8180, 7980]]


@pytest.mark.parametrize("undefined_length", [False, True])
@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian])
def test_a_modality_table_replaces_slope_and_intercept(syntax: str, undefined_length: bool) -> None:
    item = Dataset()
    item.LUTDescriptor, item.ModalityLUTType = [3, 10, 16], "HU"
    item["LUTDescriptor"].VR = "US"
    item.LUTData = np.array([5, 500, 50], dtype="<u2").tobytes()
    item["LUTData"].VR = "OW"
    made = dataset(np.array([[0, 10, 11], [12, 13, 99]], dtype="u2"), ModalityLUTSequence=Sequence([item]))
    made["ModalityLUTSequence"].is_undefined_length = undefined_length
    item.is_undefined_length_sequence_item = undefined_length
    assert values(written(made, syntax)) == [[5, 5, 500], [50, 50, 50]]


def palette(bits: int, descriptor: list[int], **changes: object) -> bytes:
    made = dataset(
        np.array([[0, 1], [2, 9]], dtype="u1"), PhotometricInterpretation="PALETTE COLOR", **changes
    )
    for channel, entries in {"Red": [1, 2, 3], "Green": [10, 20, 30], "Blue": [100, 200, 250]}.items():
        setattr(made, f"{channel}PaletteColorLookupTableDescriptor", [*descriptor, bits])
        made[f"{channel}PaletteColorLookupTableDescriptor"].VR = "US"
        content = np.array(entries, dtype="<u2" if bits == 16 else "u1").tobytes()
        setattr(made, f"{channel}PaletteColorLookupTableData", content + b"\x00" * (len(content) % 2))
    return written(made)


@pytest.mark.parametrize("bits", [8, 16])
def test_palette_indices_become_colours(bits: int) -> None:
    shown = read_image(palette(bits, [3, 0])).values
    assert shown.tolist() == [[[1, 10, 100], [2, 20, 200]], [[3, 30, 250], [3, 30, 250]]]


def test_a_palette_may_start_above_zero() -> None:
    assert read_image(palette(8, [3, 1])).values[..., 0].tolist() == [[1, 1], [2, 3]]


def test_colour_by_plane_equals_colour_by_pixel() -> None:
    stored = ramp(4, 6, "u1", step=9).reshape(4, 2, 3)
    planes = np.ascontiguousarray(np.moveaxis(stored, -1, 0)).tobytes()
    np.testing.assert_array_equal(read_image(dicom(stored)).values, stored)
    by_plane = read_image(dicom(stored, PlanarConfiguration=1, PixelData=planes))
    np.testing.assert_array_equal(by_plane.values, stored)


def test_luminance_and_chrominance_become_rgb() -> None:
    """Grey has both chrominances at 128; pure red in full range is (76, 85, 255)."""
    stored = np.array([[[50, 128, 128], [76, 85, 255]]], dtype="u1")
    shown = read_image(dicom(stored, PhotometricInterpretation="YBR_FULL")).values
    assert shown[0, 0].tolist() == [50, 50, 50]
    np.testing.assert_allclose(shown[0, 1], [254, 0, 0], atol=1)


def test_halved_chrominance_is_spread_over_both_pixels() -> None:
    stored = np.zeros((1, 2, 3), dtype="u1")
    data = dicom(stored, PhotometricInterpretation="YBR_FULL_422", PixelData=bytes([50, 90, 128, 128]))
    assert read_image(data).values[0].tolist() == [[50, 50, 50], [90, 90, 90]]


def test_single_bits_are_unpacked_lowest_first() -> None:
    stored = np.zeros((2, 4), dtype="u1")
    data = dicom(stored, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=b"\x21\x00")
    assert values(data) == [[1, 0, 0, 0], [0, 1, 0, 0]]


def test_big_endian_words_of_bytes_are_swapped() -> None:
    made = dataset(np.array([[1, 2, 3, 4]], dtype="u1"), PixelData=b"\x02\x01\x04\x03")
    made["PixelData"].VR = "OW"
    assert values(written(made, uid.ExplicitVRBigEndian)) == [[1, 2, 3, 4]]


def test_a_row_of_trailing_bytes_is_padding() -> None:
    stored = ramp(4, 4)
    data = dicom(stored, PixelData=stored.tobytes() + bytes(8))
    np.testing.assert_array_equal(read_image(data).values, stored)


def lost_preamble(data: bytes) -> bytes:
    return data[132:]


def lost_meta(data: bytes) -> bytes:
    return data[data.index(b"\x08\x00\x16\x00") :]


@pytest.mark.parametrize("cut", [lost_preamble, lost_meta])
@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian])
def test_what_a_bare_file_lacks_is_told_from_its_content(syntax: str, cut: object) -> None:
    assert callable(cut)
    stored = ramp()
    read: Picture = read_image(cut(dicom(stored, syntax)))
    assert "preamble" in str(read.facts["deviations"])
    np.testing.assert_array_equal(read.values, stored)


def test_a_bare_file_may_hold_the_prefix_where_others_have_it() -> None:
    def bare(institution: str) -> bytes:
        return lost_meta(dicom(stored, InstitutionName=institution, StationName="DICMA1"))

    stored = ramp()
    moved = bare("X" * (130 - bare("XX").index(b"DICMA1")))
    assert moved[128:132] == b"DICM"
    np.testing.assert_array_equal(read_image(moved).values, stored)


def test_a_bare_big_endian_file_is_recognised() -> None:
    stored = ramp()
    whole = dicom(stored, uid.ExplicitVRBigEndian)
    read = read_image(whole[whole.index(b"\x00\x08\x00\x16") :])
    np.testing.assert_array_equal(read.values, stored)


def test_a_bare_compressed_file_is_told_by_its_codestream() -> None:
    stored = ramp(16, 16, "u1", step=1)
    whole = jpeg_dicom(stored, "JPEG2000", uid.JPEG2000Lossless)
    np.testing.assert_array_equal(read_image(lost_meta(whole)).values, stored)


def test_a_wrongly_stated_encoding_is_seen_through() -> None:
    stored = ramp()
    data = dicom(stored, uid.ImplicitVRLittleEndian).replace(
        b"1.2.840.10008.1.2\x00", b"1.2.840.10008.1.2.1\x00"
    )
    shifted = data.replace(b"\x02\x00\x10\x00UI\x12\x00", b"\x02\x00\x10\x00UI\x14\x00")
    read = read_image(shifted)
    assert read.facts["deviations"] == "encoding"
    np.testing.assert_array_equal(read.values, stored)


def test_a_frame_in_several_fragments_is_joined() -> None:
    stored = ramp(16, 16, "u1", step=1)
    frame = get_encoder(uid.RLELossless).encode(dataset(stored), index=0, encoding_plugin="pydicom")
    joined = compressed(stored, frame, uid.RLELossless, fragments=3)
    np.testing.assert_array_equal(read_image(joined).values, stored)


def test_a_sequence_that_contradicts_itself_is_skipped() -> None:
    """Its own length says where the next element starts."""
    stored = ramp()
    whole = dicom(stored)
    at = whole.index(b"\x10\x00\x10\x00PN")
    broken = (
        b"\x09\x00\x10\x10SQ\x00\x00\x14\x00\x00\x00" + b"\xfe\xff\x00\xe0\xff\x00\x00\x00" + b"\xff" * 12
    )
    np.testing.assert_array_equal(read_image(whole[:at] + broken + whole[at:]).values, stored)


def test_a_private_sequence_of_explicit_items_in_an_implicit_file_is_passed_over() -> None:
    """Archives that convert a file without knowing the sequence leave its items as they were."""
    stored = ramp()
    whole = dicom(stored, uid.ImplicitVRLittleEndian, WindowCenter=[1])
    at = whole.index(b"\xe0\x7f\x10\x00")
    item = b"\x18\x00\x77\x91CS\x08\x00GRADIENT" + b"\x18\x00\x78\x91CS\x0a\x00IEC_NORMAL"
    parts = (b"\x05\x20\x0f\x14", b"\xfe\xff\x00\xe0")
    ends = (b"\xfe\xff\x0d\xe0" + bytes(4), b"\xfe\xff\xdd\xe0" + bytes(4))
    astray = b"".join(part + b"\xff" * 4 for part in parts) + item + b"".join(ends)
    read = read_image(whole[:at] + astray + whole[at:])
    np.testing.assert_array_equal(read.values, stored)
    cleaned = deidentify(whole[:at] + astray + whole[at:], Deidentification(), NAMES).content
    assert b"IEC_NORMAL" not in cleaned
    np.testing.assert_array_equal(read_image(cleaned).values, stored)
