"""Several frames at one place: copies of one, or moments of a time series."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from medloop.rules.project import Series
from medloop.rules.reasons import Reason, Refused
from medloop.rules.series import Frame
from medloop.rules.stacks.places import Place, moment

Equal = Callable[[int, int], bool]
"""Whether two frames, by index, show the same pixels."""


def moments_of(
    places: Sequence[Place], frames: Sequence[Frame], equal: Equal, policy: Series
) -> list[list[int]]:
    """For each moment one frame of every place; a single moment where nothing was taken twice.

    Raises:
        Refused: SERIES_AMBIGUOUS where different pictures claim the same place and moment, SERIES_INCOMPLETE
            where some places have fewer moments than others.
    """
    columns = [_without_doubles(place.frames, frames, equal) for place in places]
    if _is_ragged(columns):
        columns = [_without_copies(column, equal) for column in columns]
    if _is_ragged(columns):
        columns = _complete(columns, frames, policy)
    if len(columns[0]) > 1 and all(equal(column[0], other) for column in columns for other in column[1:]):
        columns = [column[:1] for column in columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _without_doubles(column: list[int], frames: Sequence[Frame], equal: Equal) -> list[int]:
    """One of those that are said to be of the same moment."""
    kept = column[:1]
    for before, index in pairwise(column):
        if moment(frames[before]) != moment(frames[index]):
            kept.append(index)
        elif not equal(kept[-1], index):
            raise Refused(Reason.SERIES_AMBIGUOUS, {"same_place": len(column)})
    return kept


def _without_copies(column: list[int], equal: Equal) -> list[int]:
    """One of those that show the same, whatever their moments are said to be."""
    kept: list[int] = []
    for index in column:
        if not any(equal(other, index) for other in kept):
            kept.append(index)
    return kept


def _is_ragged(columns: list[list[int]]) -> bool:
    return len({len(column) for column in columns}) > 1


def _complete(columns: list[list[int]], frames: Sequence[Frame], policy: Series) -> list[list[int]]:
    """Only the moments of which every place has a frame, where the policy puts up with gaps."""
    counts = Counter(len(column) for column in columns)
    usual, least, most = counts.most_common(1)[0][0], min(counts), max(counts)
    facts: dict[str, int | float | str] = {"same_place_min": least, "same_place_max": most}
    if usual < most:
        raise Refused(Reason.SERIES_AMBIGUOUS, facts)
    shortened = [column[:least] for column in columns]
    if policy.gaps == "refuse" or not _in_blocks(shortened, frames):
        raise Refused(Reason.SERIES_INCOMPLETE, facts)
    return shortened


def _in_blocks(columns: list[list[int]], frames: Sequence[Frame]) -> bool:
    """Whether every moment was over everywhere before the next began: then only the last can be cut short."""
    rows = [[moment(frames[index]) for index in row] for row in zip(*columns, strict=True)]
    return all(max(before) < min(after) for before, after in pairwise(rows))
