"""PNG and JPEG come out upright, grey or RGB, at the depth that they were stored in."""

import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from medloop.deidentify.file import deidentify
from medloop.imaging.read import read_image
from medloop.rules.project import Deidentification
from medloop.rules.pseudonyms import Pseudonyms
from medloop.rules.reasons import Reason, Refused
from tests.images import jpeg, png, png_chunk, ramp, saved

GREY = ramp(5, 7, "u1", step=7)
COLOUR = ramp(5, 9, "u1", step=5).reshape(5, 3, 3)


@pytest.mark.parametrize("values", [GREY, COLOUR, ramp(5, 7, "u2", step=1800)], ids=["8", "rgb", "16"])
def test_png_is_exact(values: np.ndarray) -> None:
    read = read_image(png(values))
    assert read.values.dtype == np.float32
    np.testing.assert_array_equal(read.values, values)


@pytest.mark.parametrize("values", [ramp(16, 16, "u1", step=1), np.full((16, 16, 3), [200, 60, 30], "u1")])
def test_jpeg_is_close(values: np.ndarray) -> None:
    values[0, 0] = 0
    read = read_image(jpeg(values, quality=100, subsampling=0))
    assert np.median(np.abs(read.values - values)) <= 2


DEEP = ramp(16, 24, "u2", step=10)
BEYOND = {
    "12 bits": (imagecodecs.jpeg8_encode(DEEP, level=100, bitspersample=12), DEEP, 2),
    "lossless": (imagecodecs.jpeg8_encode(DEEP, lossless=True, bitspersample=16), DEEP, 0),
    "ls": (imagecodecs.jpegls_encode(DEEP), DEEP, 0),
    "ls colour": (imagecodecs.jpegls_encode(COLOUR), COLOUR, 0),
}
"""The stream, what is in it, and how close it comes."""


@pytest.mark.parametrize("name", BEYOND)
def test_jpeg_of_many_bits_or_without_loss_is_read(name: str) -> None:
    data, values, off = BEYOND[name]
    assert np.abs(read_image(data).values - values.astype(np.float32)).max() <= off


@pytest.mark.parametrize("name", BEYOND)
def test_such_a_jpeg_is_cleaned_as_any_other(name: str) -> None:
    data, _, _ = BEYOND[name]
    told = data[:2] + b"\xff\xfe\x00\x0aZQCANARY" + data[2:]
    cleaned = deidentify(told, Deidentification(), Pseudonyms(bytes(32), "project")).content
    assert b"ZQCANARY" not in cleaned
    np.testing.assert_array_equal(read_image(cleaned).values, read_image(data).values)


@pytest.mark.parametrize("name", BEYOND)
def test_such_a_jpeg_is_refused_where_it_is_cut(name: str) -> None:
    data, _, _ = BEYOND[name]
    with pytest.raises(Refused) as refusal:
        read_image(data[: len(data) * 2 // 3])
    assert refusal.value.reason in (Reason.TRUNCATED, Reason.UNDECODABLE)


def test_alpha_is_dropped_not_blended() -> None:
    transparent = np.concatenate([COLOUR, np.zeros((5, 3, 1), dtype="u1")], axis=2)
    np.testing.assert_array_equal(read_image(png(transparent)).values, COLOUR)


def test_grey_with_alpha_stays_grey() -> None:
    image = Image.merge("LA", [Image.fromarray(GREY), Image.new("L", (7, 5), 9)])
    np.testing.assert_array_equal(read_image(saved(image, "PNG")).values, GREY)


def test_a_palette_is_looked_up() -> None:
    image = Image.fromarray(np.array([[0, 1], [2, 1]], dtype="u1")).convert("P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    shown = read_image(saved(image, "PNG")).values
    assert shown.tolist() == [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [0, 255, 0]]]


def test_black_and_white_spans_eight_bits() -> None:
    image = Image.fromarray(np.array([[True, False]]))
    assert read_image(saved(image, "PNG")).values.tolist() == [[255, 0]]


def test_cmyk_becomes_rgb() -> None:
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    image.paste((255, 0, 255, 0), (0, 0, 8, 16))
    shown = read_image(saved(image, "JPEG", quality=100)).values
    np.testing.assert_allclose(shown[0, 15], [255, 0, 0], atol=4)


@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
@pytest.mark.parametrize(("orientation", "rows"), [(1, 16), (3, 16), (6, 32), (8, 32)])
def test_exif_orientation_is_applied(orientation: int, rows: int, format_: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.new("L", (32, 16))
    image.paste(255, (0, 0, 8, 8))
    shown = read_image(saved(image, format_, exif=exif)).values
    corner = {1: (0, 0), 3: (-1, -1), 6: (0, -1), 8: (-1, 0)}[orientation]
    assert shown.shape[0] == rows
    assert shown[corner] > 200


def test_facts_are_measurements() -> None:
    assert read_image(png(GREY)).facts == {
        "format": "png",
        "rows": 5,
        "columns": 7,
        "channels": 1,
        "bits": 8,
        "mode": "L",
        "spacing": "unknown",
    }


DEEP = np.random.default_rng(6).integers(0, 65536, (7, 5, 4)).astype("u2")


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_sixteen_bits_are_exact_in_every_kind_of_png(channels: int, shown: int) -> None:
    """Pillow keeps 8 of them, of grey alone all: alpha and colours go another way."""
    stored = DEEP[..., :channels] if channels > 1 else DEEP[..., 0]
    read = read_image(bytes(imagecodecs.png_encode(np.ascontiguousarray(stored))))
    np.testing.assert_array_equal(read.values, DEEP[..., :3] if shown == 3 else DEEP[..., 0])
    assert (read.facts["bits"], read.facts["channels"]) == (16, shown)
    assert ("deviations" in read.facts) == (channels in (2, 4))


@pytest.mark.parametrize("rows", [33, 64, 5000])
@pytest.mark.parametrize("values", [ramp(32, 24, "u1", step=5), ramp(32, 24, "u2", step=41)])
def test_rows_that_are_not_there_are_not_made_up(values: np.ndarray, rows: int) -> None:
    whole = png(values)
    header = whole[16:20] + rows.to_bytes(4, "big") + whole[24:29]
    with pytest.raises(Refused) as refusal:
        read_image(whole[:8] + png_chunk(b"IHDR", header) + whole[33:])
    assert refusal.value.reason is Reason.PIXEL_LENGTH_MISMATCH
    assert refusal.value.facts["actual_bytes"] == 32 * (1 + 24 * values.dtype.itemsize)


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9])
def test_pixels_that_do_not_inflate_are_not_made_up(at: float) -> None:
    """The chunk's checksum is right: it was damaged before it was written."""
    values = np.random.default_rng(12).integers(0, 256, (64, 64)).astype("u1")
    whole = png(values)
    start, end = whole.index(b"IDAT") + 4, whole.index(b"IEND") - 8
    content = bytearray(whole[start:end])
    content[int(at * len(content))] ^= 0xFF
    with pytest.raises(Refused) as refusal:
        read_image(whole[: start - 8] + png_chunk(b"IDAT", bytes(content)) + whole[end + 4 :])
    assert refusal.value.reason in (Reason.UNDECODABLE, Reason.PIXEL_LENGTH_MISMATCH)


@pytest.mark.parametrize("side", [(1, 1), (3, 2), (5, 9), (16, 16)])
def test_an_interlaced_png_comes_in_seven_passes(side: tuple[int, int]) -> None:
    """Adam7 (ISO/IEC 15948 §8.2), written by hand: no encoder here does."""
    values = ramp(*side, "u1", step=3) + 1
    starts = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    passes = [values[top::down, left::across] for left, top, across, down in starts]
    lines = b"".join(b"\x00" + row.tobytes() for part in passes if part.size for row in part)
    header = struct.pack(">IIBBBBB", side[1], side[0], 8, 0, 0, 0, 1)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, content) for kind, content in chunks)
    np.testing.assert_array_equal(read_image(data).values, values)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_jpeg_whose_end_was_put_back_is_cut_all_the_same(share: float, options: dict[str, Any]) -> None:
    values = np.random.default_rng(8).integers(0, 256, (64, 64)).astype("u1")
    whole = jpeg(values, **options)
    read_image(whole)
    with pytest.raises(Refused) as refusal:
        read_image(whole[: int(share * len(whole))] + whole[-2:])
    assert refusal.value.reason is Reason.TRUNCATED
