"""Sets a leaning stack upright: each slice is moved within its plane, by linear interpolation.

The gantry of a CT leans, the table does not: slices then lie beside each other like a pushed pile of paper.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medloop.rules.stacks.plan import Plan

_HAIR = 1e-6
"""Parts of a pixel that only rounding makes."""


@dataclass(frozen=True)
class Canvas:
    """The rectangle that holds all slices of the stack, in pixels."""

    rows: int
    columns: int
    left: int
    """Column of the lowest slice's grid where the canvas begins; zero or less."""
    top: int
    shifts: tuple[tuple[float, float], ...]
    """Columns and rows by which each slice's first pixel lies within the canvas; never negative."""


def canvas_of(plan: Plan) -> Canvas:
    columns, rows, _ = plan.shape
    (left, right), (top, bottom) = (
        (
            math.floor(min(shift[axis] for shift in plan.shifts) + _HAIR),
            math.ceil(max(shift[axis] for shift in plan.shifts) - _HAIR),
        )
        for axis in (0, 1)
    )
    shifts = tuple((max(0.0, across - left), max(0.0, down - top)) for across, down in plan.shifts)
    return Canvas(rows + bottom - top, columns + right - left, left, top, shifts)


def draw(values: NDArray[np.float32], shift: tuple[float, float], onto: NDArray[np.float32]) -> None:
    """One slice onto its part of the canvas; what lies outside of the slice is not a number."""
    moved = values
    onto.fill(np.nan)
    starts = []
    for axis, distance in ((1, shift[0]), (0, shift[1])):
        whole = math.floor(distance + _HAIR)
        part = distance - whole
        starts.append(whole)
        if part > _HAIR:
            moved = _moved(moved, part, axis)
    left, top = starts
    onto[top : top + moved.shape[0], left : left + moved.shape[1]] = moved


def _moved(values: NDArray[np.float32], part: float, axis: int) -> NDArray[np.float32]:
    """By a part of a pixel: the ends have one neighbour only, and keep its value."""
    pad = [(1, 1) if number == axis else (0, 0) for number in range(2)]
    padded = np.pad(values, pad, mode="edge")
    count = padded.shape[axis] - 1
    before, after = padded.take(range(count), axis), padded.take(range(1, count + 1), axis)
    return np.asarray(before * np.float32(part) + after * np.float32(1 - part), np.float32)


def whiten(stacked: NDArray[np.float32]) -> None:
    """The lowest value that was measured for what lies outside of the slices: air, in a CT."""
    lowest = min(float(np.nanmin(plane)) for volume in stacked for plane in volume)
    for volume in stacked:
        for plane in volume:
            np.copyto(plane, np.float32(lowest), where=np.isnan(plane))
