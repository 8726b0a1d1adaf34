"""Which frames of a series belong to one volume."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from medloop.rules.series import Frame
from medloop.rules.stacks.places import are_one_stack, cover_the_same, places_of, slack_mm
from medloop.rules.stacks.vectors import apart

PARALLEL: Final = 1e-3
"""Difference of direction cosines up to which slices count as parallel: 0.06°; headers round to 1e-6."""

SAME_SPACING: Final = 1e-3
"""Relative difference up to which pixel spacings are equal."""

SAME_ECHO_MS: Final = 0.1
"""Echoes are further apart than that; what is written a little differently from slice to slice is not."""

SAME_B_VALUE: Final = 0.02
"""Relative, and at least 2 s/mm²: measured b-values scatter around the wanted one."""

RUN: Final = 3
"""So many acquisitions of the same places are moments of one run: some scanners number them so. Two are two
looks, before and after contrast say."""

Group = list[int]
"""Indices into the frames."""


@dataclass
class Grouping:
    groups: list[Group] = field(default_factory=list)
    """Each of one geometry and one occasion, in an order that does not depend on the order of arrival."""
    localizers: Group = field(default_factory=list)
    homeless: Group = field(default_factory=list)
    """Frames that do not say where they lie or how large their pixels are."""


def group_frames(frames: Sequence[Frame], tolerance: float) -> Grouping:
    """Split a series by what its pixels are, size, spacing, orientation, echo, b-value, acquisition and,
    where that makes even stacks, thickness.

    Time does not split: what was taken several times at the same places is one volume with a time axis.
    `tolerance` is that of project.yaml, `series: {spacing_tolerance: …}`.
    """
    found = Grouping()
    placed: Group = []
    for index, frame in enumerate(frames):
        if frame.kind == "localizer":
            found.localizers.append(index)
        elif is_placed(frame):
            placed.append(index)
        else:
            found.homeless.append(index)
    groups = _split_by_word(placed, frames)
    for number, limit in _NUMBERS:
        groups = [part for group in groups for part in _split_by_number(group, frames, number, limit)]
    groups = [part for group in groups for part in _split_by_direction(group, frames)]
    groups = [part for group in groups for part in _split_mosaics(group, frames)]
    groups = [part for group in groups for part in _split_thicknesses(group, frames, tolerance)]
    found.groups = [part for group in groups for part in _split_acquisitions(group, frames, tolerance)]
    return found


def is_placed(frame: Frame) -> bool:
    """Whether it says all that a place in a volume takes."""
    known = (frame.position, frame.along_row, frame.along_column, frame.row_mm, frame.column_mm)
    return None not in known and (frame.mosaic == 0 or frame.slice_step is not None)


def _split_by_word(group: Group, frames: Sequence[Frame]) -> list[Group]:
    def word(index: int) -> tuple[str, int, int, int, int]:
        frame = frames[index]
        return (frame.kind, frame.rows, frame.columns, frame.channels, frame.mosaic)

    return [list(part) for _, part in groupby(sorted(group, key=word), key=word)]


_NUMBERS: Final[tuple[tuple[Callable[[Frame], float | None], Callable[[float], float]], ...]] = (
    (lambda frame: frame.b_value, lambda value: max(2.0, SAME_B_VALUE * value)),
    (lambda frame: frame.echo, lambda value: SAME_ECHO_MS),
    (lambda frame: frame.row_mm, lambda value: SAME_SPACING * value),
    (lambda frame: frame.column_mm, lambda value: SAME_SPACING * value),
)
"""What else tells groups apart, and how far two neighbouring values of one group may differ."""


def _split_by_number(
    group: Group,
    frames: Sequence[Frame],
    number: Callable[[Frame], float | None],
    limit: Callable[[float], float],
) -> list[Group]:
    """Where the sorted values leave a gap; frames that state none are a group of their own."""
    parts = [[index for index in group if number(frames[index]) is None]]
    last = float("-inf")
    for value, index in sorted((number(frames[index]) or 0.0, index) for index in set(group) - set(parts[0])):
        if value - last > limit(value):
            parts.append([])
        parts[-1].append(index)
        last = value
    return [part for part in parts if part]


def _split_by_direction(group: Group, frames: Sequence[Frame]) -> list[Group]:
    parts: list[Group] = []
    for index in sorted(group, key=lambda index: _directions(frames[index])):
        for part in parts:
            if apart(_directions(frames[part[0]]), _directions(frames[index])) <= PARALLEL:
                part.append(index)
                break
        else:
            parts.append([index])
    return parts


def _directions(frame: Frame) -> tuple[float, ...]:
    return (*(frame.along_row or ()), *(frame.along_column or ()))


def _split_mosaics(group: Group, frames: Sequence[Frame]) -> list[Group]:
    """A mosaic is a volume already: two that begin at different points are two volumes."""
    if not frames[group[0]].mosaic:
        return [group]
    return [place.frames for place in places_of(group, frames)]


def _split_thicknesses(group: Group, frames: Sequence[Frame], tolerance: float) -> list[Group]:
    """Thin slices through the base of a skull and thick ones above are a stack each."""
    parts = _split_by_number(
        group, frames, lambda frame: frame.thickness_mm, lambda value: SAME_SPACING * value
    )
    if len(parts) == 1 or frames[group[0]].mosaic or are_one_stack(group, frames, tolerance):
        return [group]
    return parts if all(are_one_stack(part, frames, tolerance) for part in parts) else [group]


def _split_acquisitions(group: Group, frames: Sequence[Frame], tolerance: float) -> list[Group]:
    """Not split where they complete each other, as the turns of a step-and-shoot CT do, or are one run."""
    numbers = sorted({frames[index].acquisition for index in group})
    if len(numbers) == 1 or frames[group[0]].mosaic or are_one_stack(group, frames, tolerance):
        return [group]
    parts = [[index for index in group if frames[index].acquisition == number] for number in numbers]
    passes = [places_of(part, frames) for part in parts]
    # Where every slice is numbered as an acquisition, the number tells nothing.
    are_slices = max(len(places) for places in passes) == 1
    slack = slack_mm(frames[group[0]])
    are_run = len(parts) >= RUN and all(cover_the_same(passes[0], other, slack) for other in passes)
    return [group] if are_slices or are_run else parts
