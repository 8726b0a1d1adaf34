"""A patch that is to show something shows each structure as often as any other, however small that is."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from training.data.pool import ANCHORS, Pool, anchors_of
from training.tasks.segmentation import _anchor, _place

SIDE = 40


def a_mask() -> torch.Tensor:
    """A structure of 8000 voxels and one of 8."""
    mask = torch.zeros(SIDE, SIDE, SIDE, dtype=torch.uint8)
    mask[:20, :20, :20] = 1
    mask[30:32, 30:32, 30:32] = 2
    return mask


def a_pool(mask: torch.Tensor) -> Pool:
    return Pool((), ("a",), ("a",), torch.empty(0), masks=(mask,))


def test_of_a_large_structure_a_choice_of_voxels_is_remembered() -> None:
    large, small = anchors_of(a_mask())
    assert (len(large), len(small)) == (ANCHORS, 8)
    assert (large.amin(0) == 0).all() and (large.amax(0) >= 18).all()


def test_each_structure_gets_its_share() -> None:
    pool, mask = a_pool(a_mask()), a_mask()
    voxels = [_anchor(pool, 0, number / 1000, (16, 16, 16)) for number in range(1000)]
    shown = [int(mask[tuple(voxel)]) for voxel in voxels if voxel is not None]
    assert shown.count(1) == shown.count(2) == 500


def test_an_image_without_structures_is_shown_anywhere() -> None:
    assert _anchor(a_pool(torch.zeros(SIDE, SIDE, SIDE, dtype=torch.uint8)), 0, 0.3, (16, 16, 16)) is None


@given(
    share=st.floats(0, 1, exclude_max=True),
    centre=st.lists(st.floats(0, 1, exclude_max=True), min_size=3, max_size=3),
    patch=st.lists(st.sampled_from((8, 16, SIDE)), min_size=3, max_size=3),
)
def test_a_patch_lies_inside_the_image_and_holds_its_voxel(
    share: float, centre: list[float], patch: list[int]
) -> None:
    mask = a_mask()
    voxel = _anchor(a_pool(mask), 0, share, patch)
    place = _place(mask.shape, torch.tensor(centre), voxel, patch)
    for part, side, wanted in zip(place, mask.shape, patch, strict=True):
        assert part.start >= 0 and part.stop <= side and part.stop - part.start == wanted
    assert voxel is None or mask[place].any()
