"""PNG and JPEG come out upright, grey or RGB, at the depth that they were stored in."""

import numpy as np
import pytest
from PIL import Image

from medloop.imaging.read import read_image
from tests.images import jpeg, png, ramp, saved

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
