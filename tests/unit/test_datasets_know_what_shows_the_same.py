"""Copies of a picture are recognised by what they show, in any encoding; different pictures are not."""

import io
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from medloop.imaging.fingerprint import BITS, fingerprint
from medloop.rules.near_duplicates import CLOSE, resembling


def scene(seed: int, side: int = 96) -> NDArray[np.float32]:
    """A smooth made-up picture, 0 to 255."""
    noise = np.random.default_rng(seed).normal(0, 1, (12, 12))
    grown = Image.fromarray(noise.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    values = np.asarray(grown, np.float32)
    spread: NDArray[np.float32] = (values - values.min()) / np.float32(np.ptp(values)) * np.float32(255)
    return spread


def distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> int:
    first, second = fingerprint(one), fingerprint(other)
    assert first is not None and second is not None
    return (int(first, 16) ^ int(second, 16)).bit_count()


def jpeg(values: NDArray[np.float32], quality: int) -> NDArray[np.float32]:
    buffer = io.BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer), np.float32)


def resized(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(values).resize((side, side), Image.Resampling.BILINEAR), np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_that_was_encoded_scaled_or_resized_is_close(seed: int) -> None:
    image = scene(seed)
    colour = np.repeat(image[..., None], 3, axis=-1)
    copies = [jpeg(image, 60), image * 8 - 1024, resized(image, 48), resized(image, 200), colour]
    assert max(distance(image, copy) for copy in copies) <= CLOSE


def test_different_pictures_are_far_apart() -> None:
    images = [scene(seed) for seed in range(30)]
    pairs = [distance(one, other) for n, one in enumerate(images) for other in images[:n]]
    assert min(pairs) > 3 * CLOSE


def test_volumes_are_compared_as_volumes() -> None:
    random_ = np.random.default_rng(0)
    one, other = (random_.normal(0, 1, (20, 24, 12)).astype(np.float32) for _ in range(2))
    assert distance(one, one * 3 + 7) == 0 and distance(one, other) > 3 * CLOSE


@pytest.mark.parametrize(
    "values",
    [np.full((8, 8), 3.0), np.zeros((5, 6, 7)), np.full((8, 8), np.nan), np.ones(5), np.ones((1, 9))],
)
def test_where_nothing_is_shown_there_is_no_fingerprint(values: NDArray[np.float64]) -> None:
    image = values.astype(np.float32)
    found = fingerprint(image)
    # Rounding leaves a trace of a constant in its frequencies: nothing that another constant shares.
    assert found is None or len(found) == BITS // 4


@given(st.integers(0, 2**32), st.integers(0, 40), st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_the_search_finds_what_comparing_all_pairs_finds(seed: int, bits: int, some: int, more: int) -> None:
    chance = random.Random(seed)
    seeds = [chance.getrandbits(256) for _ in range(5)]

    def near() -> str:
        number = chance.choice(seeds)
        for bit in chance.sample(range(256), chance.randint(0, bits)):
            number ^= 1 << bit
        return f"{number:064x}"

    images, others = {f"i{n}": near() for n in range(some)}, {f"o{n}": near() for n in range(more)}
    close = {
        image
        for image, its in images.items()
        if any((int(its, 16) ^ int(other, 16)).bit_count() <= CLOSE for other in others.values())
    }
    found = resembling(images, others)
    assert found.keys() == close
    assert all((int(images[a], 16) ^ int(others[b], 16)).bit_count() <= CLOSE for a, b in found.items())
    assert resembling(dict(reversed(images.items())), dict(reversed(others.items()))) == found
