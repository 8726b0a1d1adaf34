"""Luminance and chrominance, planes, palettes: every way in which DICOM stores colour comes out as RGB."""

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import uid
from pydicom.pixels import apply_color_lut, convert_color_space

from medloop.imaging.read import read_image
from tests.images import compressed, dataset, dicom, jpeg, ramp, rle_dicom, written

ROWS, COLUMNS = 8, 6


def smooth() -> NDArray[np.uint8]:
    """Chrominance that halving and cosines do not change much."""
    down, across = np.mgrid[0:48, 0:40]
    return np.stack([5 * down, 6 * across, 240 - 2 * down - 3 * across], axis=-1).clip(0, 255).astype("u1")


STORED = np.random.default_rng(2).integers(0, 256, (ROWS, COLUMNS, 3)).astype("u1")


def planes(values: NDArray[np.uint8]) -> bytes:
    return np.ascontiguousarray(np.moveaxis(values, -1, 0)).tobytes()


def test_full_range_is_what_pydicom_makes_of_it() -> None:
    read = read_image(dicom(STORED, PhotometricInterpretation="YBR_FULL"))
    expected = convert_color_space(STORED, "YBR_FULL", "RGB").astype("f4")
    assert np.abs(read.values - expected).max() <= 1


def test_planes_of_luminance_and_chrominance() -> None:
    by_pixel = read_image(dicom(STORED, PhotometricInterpretation="YBR_FULL"))
    changes = {"PlanarConfiguration": 1, "PixelData": planes(STORED)}
    by_plane = read_image(dicom(STORED, PhotometricInterpretation="YBR_FULL", **changes))
    np.testing.assert_array_equal(by_plane.values, by_pixel.values)


def test_halved_chrominance_belongs_to_two_neighbours() -> None:
    pairs = STORED.reshape(ROWS, COLUMNS // 2, 2, 3)
    content = np.concatenate([pairs[..., 0], pairs[:, :, 0, 1:]], axis=-1)
    data = dicom(STORED, PhotometricInterpretation="YBR_FULL_422", PixelData=content.tobytes())
    spread = STORED.copy()
    spread[:, 1::2, 1:] = spread[:, ::2, 1:]
    expected = convert_color_space(spread, "YBR_FULL", "RGB").astype("f4")
    assert np.abs(read_image(data).values - expected).max() <= 1


def test_quartered_chrominance_belongs_to_a_square() -> None:
    """Of video range: 16 to 235 is black to white (PS3.3 C.7.6.3.1.2)."""
    stored = np.zeros((2, 2, 3), "u1")
    content = bytes([16, 235, 126, 16, 128, 128])
    data = dicom(stored, PhotometricInterpretation="YBR_PARTIAL_420", PixelData=content)
    assert read_image(data).values[..., 0].tolist() == [[0, 255], [128, 0]]
    assert np.ptp(read_image(data).values, axis=-1).max() == 0


def test_run_lengths_of_luminance_and_chrominance() -> None:
    native = read_image(dicom(STORED, PhotometricInterpretation="YBR_FULL"))
    packed = read_image(rle_dicom(STORED, PhotometricInterpretation="YBR_FULL"))
    np.testing.assert_array_equal(packed.values, native.values)


@pytest.mark.parametrize("stated", ["YBR_FULL_422", "YBR_FULL", "RGB"])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_jpeg_says_itself_what_its_components_are(stated: str, subsampling: int) -> None:
    """Its JFIF marker means luminance and chrominance, whatever the header says of them."""
    picture = smooth()
    stream = jpeg(picture, quality=98, subsampling=subsampling)
    data = compressed(picture, stream, uid.JPEGBaseline8Bit, PhotometricInterpretation=stated)
    read = read_image(data)
    assert np.abs(read.values - picture).mean() < 3
    assert ("deviations" in read.facts) == (stated == "RGB")


@pytest.mark.parametrize("stated", ["RGB", "YBR_FULL_422"])
def test_without_markers_the_header_decides(stated: str) -> None:
    stored = smooth()
    stream = bytes(imagecodecs.jpeg8_encode(stored, colorspace="RGB", outcolorspace="RGB", level=98))
    bare = without_adobe(stream)
    data = compressed(stored, bare, uid.JPEGBaseline8Bit, PhotometricInterpretation=stated)
    expected = stored if stated == "RGB" else convert_color_space(stored, "YBR_FULL", "RGB")
    assert np.abs(read_image(data).values - expected.astype("f4")).mean() < 5


def without_adobe(stream: bytes) -> bytes:
    """No marker that tells of colour, and components numbered 1, 2, 3 instead of R, G, B."""
    at = stream.find(b"\xff\xee")
    if at > 0:
        stream = stream[:at] + stream[at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big") :]
    frame, scan = stream.index(b"\xff\xc0"), stream.index(b"\xff\xda")
    made = bytearray(stream)
    for number in range(3):
        made[frame + 10 + 3 * number] = made[scan + 5 + 2 * number] = number + 1
    return bytes(made)


@pytest.mark.parametrize("stated", ["YBR_RCT", "RGB"])
def test_a_wavelet_codec_undoes_its_own_transform(stated: str) -> None:
    stored = smooth()
    stream = bytes(imagecodecs.jpeg2k_encode(stored, codecformat="j2k", reversible=True, mct=True))
    data = compressed(stored, stream, uid.JPEG2000Lossless, PhotometricInterpretation=stated)
    np.testing.assert_array_equal(read_image(data).values, stored)


def test_lossless_colour_has_no_transform() -> None:
    stored = smooth()
    stream = bytes(imagecodecs.jpegls_encode(stored))
    data = compressed(stored, stream, uid.JPEGLSLossless)
    np.testing.assert_array_equal(read_image(data).values, stored)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_palettes_are_what_pydicom_makes_of_them(syntax: str, bits: int) -> None:
    indices = ramp(8, 8, "u1", step=3)
    made = dataset(indices, PhotometricInterpretation="PALETTE COLOR")
    tables = np.random.default_rng(9).integers(0, 1 << bits, (3, 150)).astype(f"<u{bits // 8}")
    for channel, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        setattr(made, f"{channel}PaletteColorLookupTableDescriptor", [150, 20, bits])
        made[f"{channel}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(made, f"{channel}PaletteColorLookupTableData", table.tobytes())
        made[f"{channel}PaletteColorLookupTableData"].VR = "OW"
    read = read_image(written(made, syntax))
    np.testing.assert_array_equal(read.values, apply_color_lut(indices, made))


def test_colour_of_sixteen_bits() -> None:
    stored = np.random.default_rng(4).integers(0, 65536, (5, 4, 3)).astype("u2")
    np.testing.assert_array_equal(read_image(dicom(stored)).values, stored)
