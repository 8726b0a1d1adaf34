"""TIFF as microscopes, scanners and programs write it: strips, tiles, pages, compressions, byte orders."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from medloop.imaging.read import read_image
from medloop.rules.reasons import Reason, Refused
from tests.images import ramp, saved

RANDOM = np.random.default_rng(41)
DEEP = RANDOM.integers(0, 65536, (33, 25)).astype("u2")
RGB = RANDOM.integers(0, 256, (33, 25, 3)).astype("u1")


def tiff(values: NDArray[Any], **options: Any) -> bytes:
    buffer = BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits", "zstd"])
@pytest.mark.parametrize("layout", [{}, {"rowsperstrip": 4}, {"tile": (16, 16)}, {"tile": (32, 16)}])
def test_strips_and_tiles(layout: dict[str, Any], compression: str | None) -> None:
    values = DEEP if compression != "packbits" else RGB[..., 0].copy()
    read = read_image(tiff(values, compression=compression, **layout))
    np.testing.assert_array_equal(read.values, values)
    assert (read.facts["format"], read.facts["channels"], read.facts["frames"]) == ("tiff", 1, 1)
    assert "deviations" not in read.facts


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i2", "f4", "f8"])
@pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"bigtiff": True}])
def test_types_orders_and_sizes(options: dict[str, Any], dtype: str) -> None:
    values = RANDOM.integers(0, 200, (9, 7)).astype(dtype)
    np.testing.assert_array_equal(read_image(tiff(values, **options)).values, values)


@pytest.mark.parametrize("predictor", [False, True])
@pytest.mark.parametrize("compression", ["lzw", "zlib"])
def test_differences_of_neighbours_are_added_up(compression: str, predictor: bool) -> None:
    data = tiff(RGB, photometric="rgb", compression=compression, predictor=predictor)
    np.testing.assert_array_equal(read_image(data).values, RGB)


@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16)}])
def test_colour_by_plane(layout: dict[str, Any]) -> None:
    planes = np.moveaxis(RGB, -1, 0).copy()
    data = tiff(planes, photometric="rgb", planarconfig="separate", **layout)
    np.testing.assert_array_equal(read_image(data).values, RGB)


def test_cosines_within() -> None:
    down, across = np.mgrid[0:48, 0:48]
    picture = np.stack([5 * down, 5 * across, 240 - 5 * down], axis=-1).clip(0, 255).astype("u1")
    for data in (
        tiff(picture, photometric="rgb", compression="jpeg", compressionargs={"level": 95}),
        tiff(picture, photometric="rgb", compression="jpeg", tile=(16, 16)),
        saved(Image.fromarray(picture), "TIFF", compression="jpeg", quality=95),
    ):
        assert np.abs(read_image(data).values - picture).mean() < 4


def test_pages_are_frames() -> None:
    pages = np.stack([DEEP, DEEP[::-1], DEEP // 2])
    for data in (
        tiff(pages, photometric="minisblack"),
        tiff(pages, photometric="minisblack", compression="lzw", metadata=None),
        saved_pages(pages >> 8),
    ):
        read = read_image(data)
        expected = pages if read.facts["bits"] == 16 else pages >> 8
        np.testing.assert_array_equal(read.values, expected)
        assert (read.facts["frames"], read.facts["rows"], read.facts["columns"]) == (3, 33, 25)


def saved_pages(pages: NDArray[Any]) -> bytes:
    first, *others = (Image.fromarray(page.astype("u1")) for page in pages)
    return saved(first, "TIFF", save_all=True, append_images=others)


def test_white_is_bright_whatever_zero_means() -> None:
    data = tiff(RGB[..., 0].copy(), photometric="miniswhite")
    np.testing.assert_array_equal(read_image(data).values, 255 - RGB[..., 0].astype("f4"))


def test_fax_pages_span_eight_bits() -> None:
    bits = RANDOM.integers(0, 2, (16, 24)).astype(bool)
    for compression in ("group4", "raw"):
        data = saved(Image.fromarray(bits), "TIFF", compression=compression)
        np.testing.assert_array_equal(read_image(data).values, 255 * bits)


def test_palettes_are_looked_up() -> None:
    image = Image.fromarray(ramp(4, 4, "u1", step=1)).convert("P")
    image.putpalette(list(range(48)) + [0] * 720)
    shown = read_image(saved(image, "TIFF")).values
    assert shown[0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


def test_alpha_is_dropped_and_noted() -> None:
    transparent = np.concatenate([RGB, np.full((33, 25, 1), 9, "u1")], axis=2)
    read = read_image(tiff(transparent, photometric="rgb", extrasamples=["unassalpha"]))
    np.testing.assert_array_equal(read.values, RGB)
    assert read.facts["deviations"] == "alpha_dropped"


@pytest.mark.parametrize(
    ("orientation", "turned"), [(1, DEEP), (3, DEEP[::-1, ::-1]), (6, np.rot90(DEEP, -1))]
)
def test_it_is_set_upright(orientation: int, turned: NDArray[Any]) -> None:
    data = tiff(DEEP, extratags=[(274, 3, 1, orientation, True)], metadata=None)
    np.testing.assert_array_equal(read_image(data).values, turned)


def test_a_missing_tile_is_missed() -> None:
    """One row more than the tiles hold: what reads TIFF elsewhere leaves it black."""
    whole = tiff(DEEP[:32], tile=(16, 16), compression="zlib")
    height = b"\x01\x01\x04\x00\x01\x00\x00\x00"
    assert whole.count(height + (32).to_bytes(4, "little")) == 1
    taller = whole.replace(height + (32).to_bytes(4, "little"), height + (33).to_bytes(4, "little"))
    with pytest.raises(Refused) as refusal:
        read_image(taller)
    assert refusal.value.reason is Reason.PIXEL_LENGTH_MISMATCH
