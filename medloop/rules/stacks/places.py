"""Where the slices of a stack lie along their normal, and how evenly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from medloop.rules.series import Frame, Vector
from medloop.rules.stacks.vectors import cross, dot, length, minus, plus, times

SAME_PLACE_MM: Final = 0.01
"""Positions that differ by less are one place written in two ways: headers round to that."""

SAME_PLACE_PIXELS: Final = 0.05
"""The same for pictures so fine that a hundredth of a millimetre is a distance, of small animals say."""

MULTIPLE: Final = 0.1
"""How far a gap may be from a multiple of the usual one, as a part of that: above it is no missing slice."""

Facts = dict[str, int | float | str]


@dataclass
class Place:
    """Everything that was taken at one distance along the normal."""

    offset: float
    """Millimetres along the normal from the patient's origin."""
    position: Vector
    """Of the frame that is listed first."""
    frames: list[int]
    """Indices, in the order of `moment`."""
    scatter: float
    """Millimetres between the positions of its frames, at most."""


Moment = tuple[float, int, int, int]


def moment(frame: Frame) -> Moment:
    """When it was taken, as far as it says: what orders the frames of one place, and tells them apart."""
    return (frame.time or 0.0, frame.acquisition, frame.instance, frame.number)


def normal_of(frame: Frame) -> Vector:
    """Unit vector that rows, columns and slices make a right-handed system with."""
    assert frame.along_row is not None and frame.along_column is not None
    across = cross(frame.along_row, frame.along_column)
    return times(across, 1 / length(across))


def slack_mm(frame: Frame) -> float:
    """How far apart two positions of one place may be."""
    return min(SAME_PLACE_MM, SAME_PLACE_PIXELS * min(frame.row_mm or 1.0, frame.column_mm or 1.0))


def places_of(group: Sequence[int], frames: Sequence[Frame]) -> list[Place]:
    """In the direction of the normal; every frame must have a geometry, and one orientation be shared."""
    normal = normal_of(frames[min(group, key=lambda index: moment(frames[index]))])
    slack = min(slack_mm(frames[index]) for index in group)
    found: list[list[tuple[float, Vector, int]]] = []
    for offset, position, index in sorted(_offset(index, frames[index], normal) for index in group):
        if not found or offset - found[-1][0][0] > slack:
            found.append([])
        found[-1].append((offset, position, index))
    return [_place(entries, frames) for entries in found]


def _offset(index: int, frame: Frame, normal: Vector) -> tuple[float, Vector, int]:
    assert frame.position is not None
    return dot(frame.position, normal), frame.position, index


def _place(entries: list[tuple[float, Vector, int]], frames: Sequence[Frame]) -> Place:
    offset, position, _ = entries[0]
    scatter = max(length(minus(other, position)) for _, other, _ in entries)
    indices = sorted((index for _, _, index in entries), key=lambda index: moment(frames[index]))
    return Place(offset, position, indices, scatter)


@dataclass(frozen=True)
class Spacing:
    """The distances between neighbouring places, millimetres along the normal."""

    usual: float
    smallest: float
    largest: float
    missing: int
    """Places that are left out where every gap is a multiple of the usual one; 0 elsewhere."""
    is_even: bool

    @property
    def facts(self) -> Facts:
        gaps: Facts = {"gap_mm": round(self.usual, 4)}
        if not self.is_even:
            gaps |= {"gap_min_mm": round(self.smallest, 4), "gap_max_mm": round(self.largest, 4)}
            gaps["missing"] = self.missing
        return gaps


def measure_spacing(offsets: Sequence[float], tolerance: float, slack: float = SAME_PLACE_MM) -> Spacing:
    """Of two or more ascending offsets; `tolerance` is relative to the usual gap, `slack` in millimetres."""
    gaps = [after - before for before, after in zip(offsets, offsets[1:], strict=False)]
    usual = sorted(gaps)[(len(gaps) - 1) // 2]
    mean = (offsets[-1] - offsets[0]) / len(gaps)
    allowed = max(tolerance * usual, slack)
    if abs(mean - usual) <= allowed:
        usual = mean  # less rounded than any single gap
    is_even = all(abs(gap - usual) <= allowed for gap in gaps)
    missing = 0 if is_even else _count_missing(gaps, usual, allowed)
    return Spacing(usual, min(gaps), max(gaps), missing, is_even)


def _count_missing(gaps: Sequence[float], usual: float, allowed: float) -> int:
    """How many places are left out where every gap is a multiple of the usual one, else 0."""
    steps = [max(1, round(gap / usual)) for gap in gaps]
    limits = [max(allowed, min(allowed * step, MULTIPLE * usual)) for step in steps]
    wrong = (abs(gap - step * usual) > limit for gap, step, limit in zip(gaps, steps, limits, strict=True))
    return 0 if any(wrong) else sum(step - 1 for step in steps)


def are_one_stack(group: Sequence[int], frames: Sequence[Frame], tolerance: float) -> bool:
    """Whether there is one frame at each place, and the places are evenly spaced."""
    places = places_of(group, frames)
    if len(places) != len(group) or len(places) < 2:
        return False
    slack = slack_mm(frames[group[0]])
    return measure_spacing([place.offset for place in places], tolerance, slack).is_even


def cover_the_same(some: Sequence[Place], others: Sequence[Place], slack: float) -> bool:
    """Whether two passes went over the same places."""
    return len(some) == len(others) and all(
        abs(a.offset - b.offset) <= slack for a, b in zip(some, others, strict=True)
    )


def stray_mm(places: Sequence[Place]) -> float:
    """How far positions are from the straight line through the first and the last, at most."""
    first, last = places[0], places[-1]
    slope = times(minus(last.position, first.position), 1 / (last.offset - first.offset))
    on_line = (plus(first.position, times(slope, place.offset - first.offset)) for place in places)
    return max(
        length(minus(place.position, point)) + place.scatter
        for place, point in zip(places, on_line, strict=True)
    )
