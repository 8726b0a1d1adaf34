"""Each codec gives the values back that went in, and nothing where a part of them is missing."""

from collections.abc import Callable
from functools import partial
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid

from medloop.imaging.read import read_image
from medloop.rules.reasons import Reason, Refused
from medloop.selftest.forge.codestreams import LOSSLESS, jpeg_extended
from tests.images import compressed, jpeg, ramp, saved

Encode = Callable[[NDArray[Any]], bytes]

RANDOM = np.random.default_rng(23)
LOSSY: dict[str, tuple[str, Encode]] = {
    "jpeg_baseline": (uid.JPEGBaseline8Bit, lambda values: jpeg((values >> 8).astype("u1"))),
    "jpeg_progressive": (
        "1.2.840.10008.1.2.4.55",
        lambda values: jpeg((values >> 8).astype("u1"), progressive=True),
    ),
    "jpeg_extended": (uid.JPEGExtended12Bit, lambda values: jpeg_extended((values >> 4).astype("u2"))),
}


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_is_exact(name: str, dtype: str) -> None:
    syntax, encode = LOSSLESS[name]
    if name.startswith("jpeg_lossless") and dtype == "u1":
        encode = partial(imagecodecs.jpeg8_encode, lossless=True, predictor=1)
    stored = RANDOM.integers(0, np.iinfo(dtype).max, (33, 29), endpoint=True).astype(dtype)
    read = read_image(compressed(stored, bytes(encode(stored)), syntax))
    np.testing.assert_array_equal(read.values, stored)
    assert read.facts["transfer_syntax"] == name
    assert "deviations" not in read.facts


def test_near_lossless_is_as_near_as_it_says() -> None:
    stored = RANDOM.integers(0, 4096, (33, 29)).astype("u2")
    stream = bytes(imagecodecs.jpegls_encode(stored, level=3))
    read = read_image(compressed(stored, stream, uid.JPEGLSNearLossless))
    assert 0 < np.abs(read.values - stored).max() <= 3


def test_twelve_bits_of_cosines() -> None:
    stored = ramp(48, 40, "u2", step=2)
    changes = {"BitsStored": 12, "HighBit": 11}
    read = read_image(compressed(stored, jpeg_extended(stored), uid.JPEGExtended12Bit, **changes))
    assert np.abs(read.values - stored).max() < 24


def test_what_loss_makes_whiter_than_white_stays_white() -> None:
    """Ten bits stored in a stream of twelve: a value of 1024 is not 0."""
    stored = np.where(RANDOM.integers(0, 2, (48, 40)), 1023, 300).astype("u2")
    stream = bytes(imagecodecs.jpeg8_encode(stored, level=70, bitspersample=12))
    changes = {"BitsStored": 10, "HighBit": 9}
    read = read_image(compressed(stored, stream, uid.JPEGExtended12Bit, **changes))
    assert read.values.max() == 1023
    assert read.values[stored == 1023].min() > 600


@pytest.mark.parametrize("name", [*LOSSLESS, *LOSSY])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_stream_without_its_end_is_refused(name: str, share: float) -> None:
    """Also where somebody has put an end marker behind what was left: decoders make up the rest."""
    syntax, encode = {**LOSSLESS, **LOSSY}[name]
    values = RANDOM.integers(0, 65536, (64, 64)).astype("u2")
    stream = encode(values)
    cut = stream[: int(share * len(stream))] + stream[-2:]
    stored = (values >> 8).astype("u1") if name in ("jpeg_baseline", "jpeg_progressive") else values
    changes = {"BitsStored": 12, "HighBit": 11} if name == "jpeg_extended" else {}
    read_image(compressed(stored, stream, syntax, **changes))
    with pytest.raises(Refused) as refusal:
        read_image(compressed(stored, cut, syntax, **changes))
    assert refusal.value.reason is Reason.UNDECODABLE


@pytest.mark.parametrize("filling", [b"\xff\xff", b"\x00\x00", b"\xff\xfe\x00\x04ok"])
def test_filling_before_the_end_is_no_damage(filling: bytes) -> None:
    stored = ramp(32, 32, "u1", step=1)
    stream = jpeg(stored)
    filled = read_image(compressed(stored, stream[:-2] + filling + stream[-2:], uid.JPEGBaseline8Bit))
    plain = read_image(compressed(stored, stream, uid.JPEGBaseline8Bit))
    np.testing.assert_array_equal(filled.values, plain.values)


def tiled(stored: NDArray[Any]) -> bytes:
    """Nine tiles of 40 x 48 pixels."""
    return saved(Image.fromarray(stored), "JPEG2000", no_jp2=True, tile_size=(16, 16))


def test_tiles_are_put_together() -> None:
    stored = ramp(40, 48, "u1", step=7)
    read = read_image(compressed(stored, tiled(stored), uid.JPEG2000Lossless))
    np.testing.assert_array_equal(read.values, stored)


def test_a_missing_tile_is_missed() -> None:
    stored = ramp(40, 48, "u1", step=7)
    stream = tiled(stored)
    second = stream.index(b"\xff\x90", stream.index(b"\xff\x90") + 2)
    length = int.from_bytes(stream[second + 6 : second + 10], "big")
    with pytest.raises(Refused) as refusal:
        read_image(compressed(stored, stream[:second] + stream[second + length :], uid.JPEG2000Lossless))
    assert refusal.value.reason is Reason.UNDECODABLE
    assert (refusal.value.facts["tiles"], refusal.value.facts["present"]) == (9, 8)


def test_boxes_around_a_codestream_are_opened() -> None:
    stored = ramp(16, 16, "u1", step=1)
    boxed = saved(Image.fromarray(stored), "JPEG2000")
    read = read_image(compressed(stored, boxed, uid.JPEG2000Lossless))
    np.testing.assert_array_equal(read.values, stored)
