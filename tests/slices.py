"""Slices through a field that has one value at every point of space, made in memory."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.picture import Volume
from medloop.imaging.volumes import Slice
from medloop.rules.series import Frame, Vector

ROWS, COLUMNS = 6, 5
ROW_MM, COLUMN_MM = 2.0, 1.5

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))

_WEIGHTS = np.array([3.0, 5.0, 7.0])


def field(ras: NDArray[np.float64]) -> NDArray[np.float64]:
    """The value at points given in RAS+ millimetres along the last axis."""
    return np.asarray(ras @ _WEIGHTS)


def slice_at(
    position: Vector,
    directions: tuple[Vector, Vector] = AXIAL,
    size: tuple[int, int] = (ROWS, COLUMNS),
    brighter: float = 0.0,
    **facts: Any,
) -> Slice:
    """One slice of the field, `brighter` than it all over; `facts` are other fields of its Frame."""
    along_row, along_column = directions
    given = {"row_mm": ROW_MM, "column_mm": COLUMN_MM, **facts}
    frame = Frame(position=position, along_row=along_row, along_column=along_column, **given)
    rows, columns = np.mgrid[: size[0], : size[1]]
    across = columns[..., None] * (frame.column_mm or 0) * np.array(along_row)
    down = rows[..., None] * (frame.row_mm or 0) * np.array(along_column)
    lps = np.array(position) + across + down
    values = (field(lps * [-1, -1, 1]) + brighter).astype(np.float32)
    return Slice(frame, lambda: values)


def stack(
    count: int = 6, step: Vector = (0.0, 0.0, 3.0), first: Vector = (-12.0, -20.0, 5.0), **given: Any
) -> list[Slice]:
    """Slices one step after another, numbered from 1."""
    places = (
        tuple(start + number * way for start, way in zip(first, step, strict=True)) for number in range(count)
    )
    return [slice_at(place, **{"instance": number, **given}) for number, place in enumerate(places, start=1)]  # type: ignore[arg-type]


def error_of(volume: Volume) -> float:
    """The most by which a voxel differs from the field at the place where the affine puts it."""
    indices = np.moveaxis(np.indices(volume.values.shape[:3]), 0, -1)
    places = indices @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    return float(np.abs(volume.values - field(places)).max())


def shuffled(slices: Iterable[Slice], seed: int = 1) -> Sequence[Slice]:
    order = list(slices)
    np.random.default_rng(seed).shuffle(order)  # type: ignore[arg-type]
    return order
