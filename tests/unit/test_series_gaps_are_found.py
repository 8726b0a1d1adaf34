"""Missing and irregularly spaced slices are refused, or put up with where the project says so."""

import pytest

from medloop.imaging.volumes import Slice, assemble
from medloop.rules.project import Series
from medloop.rules.reasons import Reason
from medloop.rules.stacks.places import measure_spacing
from tests.slices import error_of, slice_at, stack


def reason(slices: list[Slice], policy: Series = Series()) -> Reason | None:  # noqa: B008
    (made,) = assemble(slices, policy)
    return None if made.refusal is None else made.refusal.reason


def at(*heights: float) -> list[Slice]:
    return [slice_at((0.0, 0.0, height)) for height in heights]


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ((0, 3, 6, 12, 15), Reason.SERIES_INCOMPLETE),
        ((0, 3, 6, 188, 191), Reason.SERIES_IRREGULAR),
        ((0, 3, 6, 187.99, 190.99), Reason.SERIES_IRREGULAR),
        ((0, 3, 6, 186, 189), Reason.SERIES_INCOMPLETE),
        ((0, 3, 6, 10, 13), Reason.SERIES_IRREGULAR),
        ((0, 3, 6.02, 9, 12), None),
        ((0, 3, 9), Reason.SERIES_INCOMPLETE),
        ((0, 3), None),
        ((0,), Reason.SERIES_TOO_SHORT),
    ],
)
def test_gaps_are_judged_by_the_usual_distance(heights: tuple[float, ...], expected: Reason | None) -> None:
    assert reason(at(*heights)) is expected


def test_the_tolerance_is_the_projects() -> None:
    slices = at(0, 3, 6.2, 9, 12)
    assert reason(slices) is Reason.SERIES_IRREGULAR
    assert reason(slices, Series(spacing_tolerance=0.1)) is None


def test_facts_tell_how_many_are_missing() -> None:
    (made,) = assemble(at(0, 3, 6, 15, 18, 24), Series())
    wanted = {
        "gap_mm": 3.0,
        "gap_min_mm": 3.0,
        "gap_max_mm": 9.0,
        "missing": 3,
        "reason": "series_incomplete",
    }
    assert made.facts.items() >= wanted.items()
    assert made.refusal is not None and made.refusal.facts.items() >= {"missing": 3}.items()


def test_accepted_gaps_make_a_volume_that_says_so() -> None:
    (made,) = assemble(at(0, 3, 6, 10, 13), Series(gaps="accept"))
    assert made.volume is not None
    assert made.volume.facts["gap_max_mm"] == 4.0
    assert made.volume.affine[2, 2] == pytest.approx(3.25)
    assert error_of(made.volume) < 7 * 1.0


def test_slices_beside_the_line_are_irregular() -> None:
    slices = stack()
    slices[3] = slice_at((-10.0, -20.0, 14.0))
    assert reason(slices) is Reason.SERIES_IRREGULAR
    assert reason(slices, Series(gaps="accept")) is Reason.SERIES_IRREGULAR


def test_the_projects_minimum_counts_places() -> None:
    assert reason(stack(4), Series(minimum_slices=5)) is Reason.SERIES_TOO_SHORT
    assert reason(stack(5), Series(minimum_slices=5)) is None


def test_rounded_positions_of_thin_slices_are_even() -> None:
    heights = [round(0.6252 * number, 2) for number in range(50)]
    assert measure_spacing(heights, 0.01).is_even


def test_slices_finer_than_headers_usually_round_are_told_apart() -> None:
    fine = {"row_mm": 0.009, "column_mm": 0.009}
    places = [slice_at((0.0, 0.0, 0.009 * number), **fine) for number in (0, 1, 2, 4, 5)]
    assert reason(places) is Reason.SERIES_INCOMPLETE
    even = [slice_at((0.0, 0.0, 0.009 * number), **fine) for number in range(5)]
    (made,) = assemble(even, Series())
    assert made.volume is not None and made.volume.values.shape[2] == 5
