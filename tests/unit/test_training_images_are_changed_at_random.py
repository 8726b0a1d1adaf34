"""What augmentation does to images and masks, and that it is the same however a batch is dealt out."""

import pytest
import torch

from medloop.rules.recipe import Augmentation
from training.data.augment import Draws, augment, draw

NOTHING = Augmentation(degrees=0, zoom=0, shift=0, contrast=0, share=1)
EVERYTHING = Augmentation(
    degrees=20,
    zoom=0.2,
    aspect=0.1,
    shear=0.1,
    shift=0.1,
    contrast=0.3,
    gamma=0.3,
    noise=0.05,
    cutout=0.4,
    flip=True,
    share=0.8,
)


def images(*sides: int) -> torch.Tensor:
    return torch.rand(6, 1, *sides, generator=torch.Generator().manual_seed(1))


def drawn(how: Augmentation, *sides: int) -> Draws:
    return draw(6, sides, how, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("sides", [(16, 20), (8, 10, 12)])
def test_without_ranges_nothing_changes(sides: tuple[int, ...]) -> None:
    given = images(*sides)
    changed, _ = augment(given, drawn(NOTHING, *sides))
    assert torch.allclose(changed, given, atol=1e-5)


@pytest.mark.parametrize("sides", [(16, 20), (8, 10, 12)])
def test_parts_of_a_batch_change_as_the_whole_does(sides: tuple[int, ...]) -> None:
    given, draws = images(*sides), drawn(EVERYTHING, *sides)
    whole, _ = augment(given, draws)
    for rows in (torch.tensor([0, 2, 4]), torch.tensor([1, 3, 5])):
        part, _ = augment(given[rows], draws.of(rows))
        assert torch.equal(part, whole[rows])


@pytest.mark.parametrize("sides", [(16, 20), (8, 10, 12)])
def test_values_stay_in_their_range_and_masks_keep_their_labels(sides: tuple[int, ...]) -> None:
    masks = (images(*sides)[:, 0] * 4).long()
    changed, moved = augment(images(*sides), drawn(EVERYTHING, *sides), masks)
    assert moved is not None
    assert changed.min() >= 0 and changed.max() <= 1
    assert set(moved.unique().tolist()) <= {0, 1, 2, 3}
    assert not torch.equal(changed, images(*sides))


def test_a_mask_moves_with_its_image() -> None:
    mask = torch.zeros(6, 24, 24, dtype=torch.long)
    mask[:, 8:14, 10:18] = 1
    how = EVERYTHING.model_copy(update={"contrast": 0, "gamma": 0, "noise": 0, "cutout": 0, "share": 1})
    changed, moved = augment(mask[:, None].float(), drawn(how, 24, 24), mask)
    assert moved is not None
    assert ((changed[:, 0] > 0.5) == (moved == 1)).float().mean() > 0.98


def test_beyond_an_edge_an_image_goes_on_as_the_edge_is() -> None:
    how = NOTHING.model_copy(update={"shift": 0.5})
    changed, _ = augment(torch.ones(6, 1, 16, 16), drawn(how, 16, 16))
    assert torch.allclose(changed, torch.ones_like(changed))


def test_a_box_is_blanked_with_the_images_mean() -> None:
    how = NOTHING.model_copy(update={"cutout": 0.5})
    given = images(32, 32)
    changed, _ = augment(given, drawn(how, 32, 32))
    blank = (changed - given.mean((2, 3), keepdim=True)).abs() < 1e-4
    assert blank.any()
    for image in blank[:, 0]:
        rows, columns = image.any(1).sum(), image.any(0).sum()
        assert rows <= 17 and columns <= 17
        assert image.sum() == rows * columns
