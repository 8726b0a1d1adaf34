"""Which frames of the sources lie in a volume, and what a label map says at their pixels.

Every pixel of a frame has a place in the patient, and every voxel of the volume, too. So a label map finds
its way back to the frames as they were taken, however the volume was put together of them: turned, flipped,
or set upright where the gantry leaned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.picture import Facts
from medloop.imaging.volumes.assembly import describe
from medloop.results.subject import Source
from medloop.rules.series import Frame, Vector

SAME_STEP: Final = 1e-3
"""Millimetres that the steps from pixel to pixel may differ."""

OFF_SLICE: Final = 0.25
"""Of the distance between slices: series that are irregular within their tolerance drift from the grid."""

_RAS: Final = np.array([-1.0, -1.0, 1.0])
"""DICOM's first two axes point the other way (PS3.3 C.7.6.2.1.1)."""


@dataclass(frozen=True)
class Plane:
    """One frame that shows a slice of the volume."""

    source: int
    frame: int
    """Within its source, from 0."""
    slice: int


def planes_of(
    sources: Sequence[Source], affine: NDArray[np.float64], depth: int, facts: Facts
) -> list[Plane]:
    """From the first slice to the last, at most one for each; empty where frames do not say where they lie.

    `facts` are the volume's: of several volumes of one series they tell which echo, b-value or kind it is.
    """
    inverse = np.linalg.inv(affine)
    found: dict[int, Plane] = {}
    for number, source in enumerate(sources):
        for index, frame in enumerate(source.frames):
            if frame.position is None or not _alike(frame, affine, facts):
                continue
            at = float((inverse @ np.append(_RAS * frame.position, 1.0))[2])
            if abs(at - round(at)) <= OFF_SLICE and 0 <= round(at) < depth:
                found.setdefault(round(at), Plane(number, index, round(at)))
    return [found[place] for place in sorted(found)]


def _alike(frame: Frame, affine: NDArray[np.float64], facts: Facts) -> bool:
    """Of the volume's own kind, and with pixels that lie as the volume's do."""
    steps = steps_of(frame)
    if steps is None or frame.mosaic or frame.kind == "localizer":
        return False
    told = {name: value for name, value in describe(frame, 0).items() if name != "frames"}
    if any(facts.get(name, value) != value for name, value in told.items()):
        return False
    return bool(np.abs(np.stack(steps, 1) - affine[:3, :2]).max() < SAME_STEP)


def steps_of(frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """From one column to the next, and from one row to the next, RAS+ millimetres."""
    if not (frame.along_row and frame.along_column and frame.row_mm and frame.column_mm):
        return None
    return _ras(frame.along_row) * frame.column_mm, _ras(frame.along_column) * frame.row_mm


def _ras(vector: Vector) -> NDArray[np.float64]:
    turned: NDArray[np.float64] = _RAS * np.array(vector)
    return turned


def labels_at(labels: NDArray[np.uint8], affine: NDArray[np.float64], frame: Frame) -> NDArray[np.uint8]:
    """[row, column] of the frame's pixels: the label of the voxel that each lies in; 0 outside the volume."""
    steps = steps_of(frame)
    assert steps is not None and frame.position is not None
    inverse = np.linalg.inv(affine)
    corner = inverse @ np.append(_ras(frame.position), 1.0)
    across, down = (inverse[:3, :3] @ step for step in steps)
    columns, rows = np.arange(frame.columns), np.arange(frame.rows)
    places = [
        np.rint(corner[axis] + across[axis] * columns[None, :] + down[axis] * rows[:, None]).astype(np.intp)
        for axis in range(3)
    ]
    inside = np.logical_and.reduce(
        [(place >= 0) & (place < side) for place, side in zip(places, labels.shape, strict=True)]
    )
    held = [np.clip(place, 0, side - 1) for place, side in zip(places, labels.shape, strict=True)]
    return np.where(inside, labels[tuple(held)], 0).astype(np.uint8)
