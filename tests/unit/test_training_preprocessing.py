"""One preprocessing for training and serving: any scale of values, any shape, becomes 0..1 in a square."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from training.augment import augment
from training.data import Preprocessing, decode_array, preprocess
from training.failures import InvalidArray
from training.recipes import Augmentation

GREY, COLOUR = Preprocessing(size=16, channels=1), Preprocessing(size=16, channels=3)


def ramp(height: int, width: int) -> NDArray[np.float32]:
    return np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)


def saved(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(("slope", "level"), [(255.0, 0.0), (3000.0, -1024.0), (1e-3, 5.0), (65535.0, 0.0)])
def test_the_scale_of_values_does_not_matter(slope: float, level: float) -> None:
    expected = preprocess(ramp(32, 32), GREY)
    assert torch.allclose(preprocess(ramp(32, 32).astype(float) * slope + level, GREY), expected, atol=0.15)


def test_two_outliers_do_not_darken_the_rest() -> None:
    image = ramp(64, 64)
    image[0, :2] = 1e6
    assert 0.4 < preprocess(image, GREY).median() < 0.6


@pytest.mark.parametrize(
    "array",
    [
        np.full((8, 8), 7.0),
        np.pad(np.ones((1, 1)), 40),
        np.zeros((1, 1)),
        ramp(3, 500),
        ramp(500, 3),
        np.full((8, 8), -1e30),
    ],
)
@pytest.mark.parametrize("how", [GREY, COLOUR])
def test_odd_images_become_finite_squares(array: NDArray[Any], how: Preprocessing) -> None:
    image = preprocess(array, how)
    assert image.shape == (how.channels, 16, 16)
    assert 0 <= image.min() <= image.max() <= 1


def test_shapes_keep_their_ratio() -> None:
    image = preprocess(np.ones((10, 40)) + ramp(10, 40), GREY)[0]
    rows = (image > 0).any(dim=1).sum()
    assert rows == 4


def test_a_grey_image_fits_a_colour_model_and_the_other_way_round() -> None:
    grey = ramp(16, 16)
    colour = np.stack([grey] * 3, axis=2)
    assert torch.allclose(preprocess(grey, COLOUR), preprocess(colour, COLOUR))
    assert torch.allclose(preprocess(colour, GREY), preprocess(grey, GREY), atol=1e-6)


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", "|u1", "<u2", "<i4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_numpy_saves_is_read_back(kind: str, order: Any) -> None:
    array = np.arange(36).reshape(4, 3, 3).astype(kind, order=order)
    assert (decode_array(saved(array)) == array).all()


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.zeros((2, 2), dtype=complex), "other than real numbers"),
        (np.zeros((2, 2), dtype=object), "other than real numbers"),
        (np.zeros((2, 2), dtype=[("a", "f4")]), "not an .npy file"),
        (np.zeros(4), "shaped"),
        (np.zeros((2, 2, 4)), "shaped"),
        (np.zeros((0, 4)), "shaped"),
        (np.array([[np.inf, 0]]), "infinite"),
        (np.array([[1e39, 0]]), "absurdly large"),
    ],
)
def test_what_is_no_image_is_refused_with_a_reason(array: NDArray[Any], complaint: str) -> None:
    with pytest.raises(InvalidArray, match=complaint):
        decode_array(saved(array))


def test_augmentation_repeats_with_its_generator_and_leaves_its_share_alone() -> None:
    how = Augmentation(degrees=15, zoom=0.1, shift=0.1, contrast=0.2, share=0.5)
    batch = torch.rand(64, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    once, again = (augment(batch, how, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(once, again)
    same = torch.isclose(once, batch, atol=1e-4).flatten(1).all(dim=1).sum()
    assert 16 < same < 48
    assert 0 <= once.min() <= once.max() <= 1
