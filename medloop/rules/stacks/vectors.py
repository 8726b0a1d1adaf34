"""Arithmetic on points and directions of space, three floats each."""

import math
from collections.abc import Sequence

from medloop.rules.series import Vector


def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def minus(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def plus(a: Vector, b: Vector) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def times(a: Vector, factor: float) -> Vector:
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def length(a: Vector) -> float:
    return math.sqrt(dot(a, a))


def apart(a: Sequence[float], b: Sequence[float]) -> float:
    """The largest difference between two components."""
    return max(abs(x - y) for x, y in zip(a, b, strict=True))
