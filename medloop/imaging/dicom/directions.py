"""Image Position and Image Orientation (Patient), checked (PS3.3 C.7.6.2.1.1)."""

import math
from typing import Final

from medloop.imaging.dicom.dataset import DataSet
from medloop.rules.series import Vector

_POSITION, _ORIENTATION = 0x00200032, 0x00200037
_LOOSE: Final = 0.01
"""How far direction cosines may be from unit length and from a right angle: headers are rounded."""

_FAR_MM: Final = 1e5
"""No scanner is a hundred metres long."""

_NEAR_MM: Final = 1e-6
"""A hundredth of what light can resolve."""


def length_mm(dataset: DataSet, tag: int) -> float | None:
    """The first of the numbers, its sign left out; None where it is missing or impossible."""
    numbers = dataset.decimals(tag)
    return abs(numbers[0]) if numbers and is_length(abs(numbers[0])) else None


def is_length(number: float) -> bool:
    """Whether a scanner may measure so many millimetres."""
    return _NEAR_MM <= number <= _FAR_MM


def position(dataset: DataSet) -> Vector | None:
    """Centre of the first pixel, LPS+ millimetres; None where it is missing or impossible."""
    numbers = dataset.decimals(_POSITION)
    if len(numbers) != 3 or max(map(abs, numbers)) > _FAR_MM:
        return None
    return (numbers[0], numbers[1], numbers[2])


def orientation(dataset: DataSet) -> tuple[Vector, Vector] | None:
    """Unit vectors along a row and along a column; None where they are missing or no right angle."""
    numbers = dataset.decimals(_ORIENTATION)
    if len(numbers) != 6:
        return None
    row, column = numbers[:3], numbers[3:]
    lengths = math.hypot(*row), math.hypot(*column)
    skew = sum(a * b for a, b in zip(row, column, strict=True))
    if max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(skew)) > _LOOSE:
        return None
    return _unit(row, lengths[0]), _unit(column, lengths[1])


def _unit(numbers: tuple[float, ...], length: float) -> Vector:
    return (numbers[0] / length, numbers[1] / length, numbers[2] / length)
