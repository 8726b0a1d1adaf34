"""One preprocessing for training and serving: any scale of values, any shape, becomes 0..1 in a square."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from medloop.rules.recipe import Augmentation
from training.data.arrays import Scan, decode_npy
from training.data.augment import augment, draw
from training.data.preprocessing import Canvas
from training.failures import InvalidArray

GREY, COLOUR = (Canvas(spatial_dims=2, size=16, channels=channels) for channels in (1, 3))


def preprocess(array: NDArray[Any], how: Canvas) -> torch.Tensor:
    values = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
    return how.prepare(Scan(np.array(values, np.float32, order="C"))).values


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
def test_odd_images_become_finite_squares(array: NDArray[Any], how: Canvas) -> None:
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
    assert (decode_npy(saved(array)).values == np.moveaxis(array, -1, 0)).all()


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
        decode_npy(saved(array))


@pytest.mark.parametrize("shape", [(16, 16), (12, 16, 8)])
def test_augmentation_repeats_with_its_generator_and_leaves_its_share_alone(shape: tuple[int, ...]) -> None:
    how = Augmentation(degrees=15, zoom=0.1, shift=0.1, contrast=0.2, gamma=0.2, noise=0.05, share=0.5)
    batch = torch.rand(64, 1, *shape, generator=torch.Generator().manual_seed(0))
    draws = [draw(64, shape, how, torch.Generator().manual_seed(5)) for _ in range(2)]
    once, again = (augment(batch, drawn)[0] for drawn in draws)
    assert torch.equal(once, again)
    same = torch.isclose(once, batch, atol=1e-4).flatten(1).all(dim=1).sum()
    assert 16 < same < 48
    assert 0 <= once.min() <= once.max() <= 1


def test_augmentation_does_the_same_to_an_image_whatever_part_of_the_batch_it_is_in() -> None:
    how = Augmentation(degrees=15, zoom=0.1, shift=0.1, contrast=0.2, noise=0.05, share=1)
    batch, draws = torch.rand(6, 1, 8, 8), draw(6, (8, 8), how, torch.Generator().manual_seed(1))
    rows = torch.tensor([1, 3, 5])
    assert torch.equal(augment(batch[rows], draws.of(rows))[0], augment(batch, draws)[0][rows])


def test_a_turn_moves_image_and_mask_alike_and_keeps_shapes_in_oblong_volumes() -> None:
    how = Augmentation(degrees=30, zoom=0.1, shift=0.1, contrast=0, share=1)
    places = torch.stack(torch.meshgrid(*(torch.arange(float(side)) for side in (20, 32, 24)), indexing="ij"))
    mask = ((places - torch.tensor([10.0, 16, 12]).view(3, 1, 1, 1)).norm(dim=0) < 5).long()
    draws = draw(8, tuple(mask.shape), how, torch.Generator().manual_seed(2))
    images, masks = augment(mask.float().expand(8, 1, -1, -1, -1), draws, mask.expand(8, -1, -1, -1))
    assert masks is not None
    assert ((images[:, 0] > 0.5) == (masks > 0)).float().mean() > 0.99
    sizes = masks.flatten(1).sum(1) / mask.sum()
    assert 0.7 < sizes.min() <= sizes.max() < 1.4
