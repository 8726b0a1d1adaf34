"""How a group of frames is laid out as a volume, or why it cannot be one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from medloop.rules.project import Series
from medloop.rules.reasons import Reason, Refused
from medloop.rules.series import Frame, Vector
from medloop.rules.stacks.places import (
    Facts,
    Place,
    measure_spacing,
    normal_of,
    places_of,
    slack_mm,
    stray_mm,
)
from medloop.rules.stacks.repeats import Equal, moments_of
from medloop.rules.stacks.vectors import dot, minus, plus, times

TILTED: Final = 0.01
"""Sideways shift per millimetre along the normal from which on a stack leans: 0.6°. Less the affine says."""

IN_LINE: Final = 0.1
"""Pixels by which a slice may lie beside the line through the others."""


@dataclass(frozen=True)
class Plan:
    """Where every frame goes. Vectors are millimetres, LPS+."""

    moments: list[list[int]]
    """For each moment the frames from the lowest place to the highest; for mosaics one frame each."""
    shape: tuple[int, int, int]
    """Columns, rows, slices, before a leaning stack is set upright."""
    origin: Vector
    """Centre of the first pixel of the lowest slice."""
    steps: tuple[Vector, Vector, Vector]
    """From one column, row and slice to the next; the last one leans where `shifts` are given."""
    shifts: tuple[tuple[float, float], ...]
    """For a leaning stack: how many columns and rows each slice is beside the normal; else empty."""
    tiles: tuple[int, ...]
    """For mosaics: the tiles from the lowest place to the highest; else empty."""
    facts: Facts


def plan_stack(group: Sequence[int], frames: Sequence[Frame], equal: Equal, policy: Series) -> Plan:
    """Of frames that medloop.rules.stacks.grouping found to belong together.

    Raises:
        Refused: SERIES_TOO_SHORT, SERIES_AMBIGUOUS, SERIES_INCOMPLETE, SERIES_IRREGULAR, SERIES_TILTED or
            SERIES_IN_COLOUR.
    """
    first = frames[group[0]]
    if first.channels != 1:
        raise Refused(Reason.SERIES_IN_COLOUR, {"channels": first.channels})
    places = places_of(group, frames)
    if first.mosaic:
        return _plan_mosaics(places, frames, equal, policy)
    if len(places) < policy.minimum_slices:
        facts: Facts = {"places": len(places), "minimum_slices": policy.minimum_slices}
        raise Refused(Reason.SERIES_TOO_SHORT, facts)
    facts = _check_places(places, first, policy)
    moments = moments_of(places, frames, equal, policy)
    facts |= _counts(group, moments)
    return _laid_out(places, first, moments, facts, policy)


def _check_places(places: Sequence[Place], first: Frame, policy: Series) -> Facts:
    offsets = [place.offset for place in places]
    spacing = measure_spacing(offsets, policy.spacing_tolerance, slack_mm(first))
    if not spacing.is_even and policy.gaps == "refuse":
        reason = Reason.SERIES_INCOMPLETE if spacing.missing else Reason.SERIES_IRREGULAR
        raise Refused(reason, spacing.facts)
    stray = stray_mm(places)
    if stray > IN_LINE * min(first.row_mm or 0, first.column_mm or 0):
        raise Refused(Reason.SERIES_IRREGULAR, {**spacing.facts, "beside_mm": round(stray, 4)})
    return spacing.facts


def _counts(group: Sequence[int], moments: list[list[int]]) -> Facts:
    used = sum(len(row) for row in moments)
    return {"copies": len(group) - used} if used < len(group) else {}


def _laid_out(
    places: Sequence[Place], first: Frame, moments: list[list[int]], facts: Facts, policy: Series
) -> Plan:
    across, down = _in_plane(first)
    step = times(minus(places[-1].position, places[0].position), 1 / (len(places) - 1))
    normal = normal_of(first)
    height = dot(step, normal)
    lean = minus(step, times(normal, height))
    shifts: tuple[tuple[float, float], ...] = ()
    tangent = math.sqrt(dot(lean, lean)) / height
    if tangent > TILTED:
        facts = {**facts, "tilt_degrees": round(math.degrees(math.atan(tangent)), 3)}
        if policy.tilt == "refuse":
            raise Refused(Reason.SERIES_TILTED, facts)
        shifts = tuple(_shift(place, places[0], first) for place in places)
        step = times(normal, height)
    shape = (first.columns, first.rows, len(places))
    return Plan(moments, shape, places[0].position, (across, down, step), shifts, (), facts)


def _in_plane(frame: Frame) -> tuple[Vector, Vector]:
    """From one column to the next, and from one row to the next."""
    assert frame.along_row is not None and frame.along_column is not None
    assert frame.row_mm is not None and frame.column_mm is not None
    return times(frame.along_row, frame.column_mm), times(frame.along_column, frame.row_mm)


def _shift(place: Place, lowest: Place, first: Frame) -> tuple[float, float]:
    """Columns and rows by which a slice lies beside the lowest one."""
    across, down = _in_plane(first)
    moved = minus(place.position, lowest.position)
    return dot(moved, across) / dot(across, across), dot(moved, down) / dot(down, down)


def _plan_mosaics(places: Sequence[Place], frames: Sequence[Frame], equal: Equal, policy: Series) -> Plan:
    """Each frame holds all slices of one moment, tile by tile."""
    indices = places[0].frames
    first = frames[indices[0]]
    assert first.slice_step is not None
    if first.mosaic < policy.minimum_slices:
        raise Refused(
            Reason.SERIES_TOO_SHORT, {"places": first.mosaic, "minimum_slices": policy.minimum_slices}
        )
    moments = moments_of(places, frames, equal, policy)
    tiles = range(first.mosaic)
    step, origin = first.slice_step, places[0].position
    if dot(step, normal_of(first)) < 0:
        # Numbered against the normal: turned round, so that all volumes are right-handed.
        origin, step, tiles = plus(origin, times(step, first.mosaic - 1)), times(step, -1), tiles[::-1]
    across, down = _in_plane(first)
    rows, columns = tile_size(first)
    facts: Facts = {"gap_mm": round(math.sqrt(dot(step, step)), 4), **_counts(indices, moments)}
    shape = (columns, rows, first.mosaic)
    return Plan(moments, shape, origin, (across, down, step), (), tuple(tiles), facts)


def tile_size(frame: Frame) -> tuple[int, int]:
    """Rows and columns of one slice of a mosaic."""
    across = tiles_across(frame.mosaic)
    return frame.rows // (frame.tiles_down or across), frame.columns // across


def tiles_across(slices: int) -> int:
    return math.isqrt(slices - 1) + 1
