"""Puts slices where a plan wants them, one slice in memory at a time beside the volume."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.volumes.upright import Canvas, canvas_of, draw, whiten
from medloop.rules.series import Vector
from medloop.rules.stacks.plan import Plan
from medloop.rules.stacks.vectors import plus, times

Load = Callable[[], NDArray[np.float32]]


def fill(plan: Plan, loads: Sequence[Load]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Values along i, j, k (and time where there are several moments), and their affine, RAS+ millimetres."""
    if plan.shifts:
        canvas = canvas_of(plan)
        stacked = _stacked(plan, loads, (canvas.rows, canvas.columns), canvas)
        whiten(stacked)
        left, top = times(plan.steps[0], canvas.left), times(plan.steps[1], canvas.top)
        origin = plus(plan.origin, plus(left, top))
    else:
        columns, rows, _ = plan.shape
        stacked, origin = _stacked(plan, loads, (rows, columns)), plan.origin
    # NIfTI wants i to change fastest: rows of pixels lie in memory as they are, only the axes are renamed.
    values = stacked.T if len(plan.moments) > 1 else stacked[0].T
    return values, affine_of(origin, plan.steps)


def _stacked(
    plan: Plan, loads: Sequence[Load], plane: tuple[int, int], canvas: Canvas | None = None
) -> NDArray[np.float32]:
    """Time x slices x rows x columns."""
    stacked = np.empty((len(plan.moments), plan.shape[2], *plane), np.float32)
    for volume, row in zip(stacked, plan.moments, strict=True):
        if plan.tiles:
            _cut(loads[row[0]](), plan, volume)
            continue
        for place, index in enumerate(row):
            if canvas is None:
                volume[place] = loads[index]()
            else:
                draw(loads[index](), canvas.shifts[place], volume[place])
    return stacked


def _cut(mosaic: NDArray[np.float32], plan: Plan, volume: NDArray[np.float32]) -> None:
    """Tiles follow each other row by row, from the top left corner."""
    columns, rows, _ = plan.shape
    across = mosaic.shape[1] // columns
    for place, tile in enumerate(plan.tiles):
        top, left = tile // across * rows, tile % across * columns
        volume[place] = mosaic[top : top + rows, left : left + columns]


def affine_of(origin: Vector, steps: Sequence[Vector]) -> NDArray[np.float64]:
    """Voxel indices to RAS+ millimetres: DICOM's first two axes point the other way (PS3.3 C.7.6.2.1.1)."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(steps).T
    affine[:3, 3] = origin
    affine[:2] *= -1
    return affine + 0.0  # no negative zeros
