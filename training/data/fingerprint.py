"""What a dataset's images are like, and the preprocessing that follows from it.

The rules for spacing, patch and batch are nnU-Net's (Isensee et al., Nature Methods 18, 203-211, 2021) in
short: the median spacing, a patch as large as the median image as far as memory goes, and the batch from
what is left.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medloop.rules.recipe import Recipe
from training.data.arrays import Scan
from training.data.preprocessing import Canvas, Grid, Intensities, spacing_of, turn_of

ABSOLUTE_BELOW = -500.0
"""Only Hounsfield units go that low in most images: air is -1000."""

THICK = 3.0
"""Times the finest spacing: beyond it, the coarse axis takes its tenth percentile instead of the median."""

VOXELS = {2: 512 * 512 * 12, 3: 128**3 * 2}
"""In one batch, at most: what a GPU of 16 GB trains DynUNet of 32 filters on (nnU-Net plans 128³ x 2)."""


@dataclass(frozen=True)
class Trait:
    """What counts of one training image."""

    shape: tuple[int, ...]
    """Upright: along right-left, posterior-anterior, inferior-superior."""
    spacing: tuple[float, ...]
    channels: int
    lowest: float
    inside: tuple[float, float]
    """0.5 and 99.5 percentiles of its values inside structures, or of all where there are none."""


def trait_of(scan: Scan, mask: NDArray[np.uint8] | None = None) -> Trait:
    order, spacing = _order(scan), spacing_of(scan)
    chosen = scan.values if mask is None or not mask.any() else scan.values[:, mask > 0]
    low, high = np.percentile(chosen, (0.5, 99.5))
    return Trait(
        shape=tuple(scan.shape[axis] for axis in order),
        spacing=tuple(float(spacing[axis]) for axis in order),
        channels=scan.values.shape[0],
        lowest=float(scan.values.min()),
        inside=(float(low), float(high)),
    )


def _order(scan: Scan) -> list[int]:
    """Which axis of the scan runs along right-left, posterior-anterior and inferior-superior."""
    turn = turn_of(scan.affine)
    if turn is None:
        return list(range(len(scan.shape)))
    return [int(axis) for axis in np.argsort(turn[:, 0])]


def canvas_for(traits: Sequence[Trait], recipe: Recipe) -> Canvas:
    return Canvas(
        spatial_dims=recipe.spatial_dims,
        channels=_channels(traits),
        size=recipe.size,
        intensities=Intensities(window=_window(traits)),
    )


def grid_for(traits: Sequence[Trait], recipe: Recipe) -> Grid:
    """Spacing, patch and batch from the statistics of the training images."""
    spacing = _spacing(traits) if recipe.spatial_dims == 3 else None
    shapes = [_at(trait, spacing) for trait in traits]
    middle = [median(shape[axis] for shape in shapes) for axis in range(recipe.spatial_dims)]
    patch = _patch(middle, recipe)
    batch = max(2, min(recipe.batch, VOXELS[recipe.spatial_dims] // math.prod(patch)))
    return Grid(
        spatial_dims=recipe.spatial_dims,
        channels=_channels(traits),
        spacing=spacing,
        patch=patch,
        batch=min(batch, recipe.batch),
        intensities=Intensities(window=_window(traits)),
        reasons=_reasons(len(traits), spacing, middle, patch, batch),
    )


def _channels(traits: Sequence[Trait]) -> Literal[1, 3]:
    return 3 if any(trait.channels == 3 for trait in traits) else 1


def _window(traits: Sequence[Trait]) -> tuple[float, float] | None:
    """The bulk of what lies in the structures, where all images share a scale; None where none do."""
    if median(trait.lowest for trait in traits) > ABSOLUTE_BELOW:
        return None
    return median(trait.inside[0] for trait in traits), median(trait.inside[1] for trait in traits)


def _spacing(traits: Iterable[Trait]) -> tuple[float, ...]:
    spacings = np.array([trait.spacing for trait in traits])
    middle = np.median(spacings, axis=0)
    if middle.max() / middle.min() > THICK:
        coarse = int(middle.argmax())
        middle[coarse] = max(np.percentile(spacings[:, coarse], 10), np.delete(middle, coarse).max())
    return tuple(round(float(value), 4) for value in middle)


def _at(trait: Trait, spacing: tuple[float, ...] | None) -> tuple[float, ...]:
    """The image's shape at this spacing."""
    if spacing is None:
        return trait.shape
    sizes = zip(trait.shape, trait.spacing, spacing, strict=True)
    return tuple(side * own / common for side, own, common in sizes)


def _patch(middle: Sequence[float], recipe: Recipe) -> tuple[int, ...]:
    """The median image, no longer than the recipe's size, rounded up to what the network divides by."""
    unit, budget = recipe.network.divides_by, VOXELS[recipe.spatial_dims] / 2
    sides = [min(recipe.size, math.ceil(side / unit) * unit) for side in middle]
    while math.prod(sides) > budget and max(sides) > unit:
        sides[sides.index(max(sides))] -= unit
    return tuple(sides)


def _reasons(
    images: int,
    spacing: tuple[float, ...] | None,
    middle: Sequence[float],
    patch: Sequence[int],
    batch: int,
) -> tuple[str, ...]:
    size = " x ".join(f"{side:.0f}" for side in middle)
    told = []
    if spacing is not None:
        told.append(
            f"Spacing {' x '.join(map('{:g}'.format, spacing))} mm: median of {images} training volumes."
        )
    told.append(
        f"Patches of {' x '.join(map(str, patch))}: the median image is {size}, rounded up to what the "
        "network halves evenly, within the recipe's size and memory."
    )
    told.append(f"{batch} patches a step: as many as fit into the memory planned for.")
    return tuple(told)
