"""Slices that came twice count once; different ones that claim one place are explained."""

import numpy as np

from medloop.imaging.volumes import Stack, assemble
from medloop.rules.project import Series
from medloop.rules.reasons import Reason
from tests.slices import Slice, error_of, shuffled, slice_at, stack


def only(slices: list[Slice]) -> Stack:
    (made,) = assemble(shuffled(slices), Series())
    return made


def test_copies_of_some_slices_are_left_out() -> None:
    made = only(stack() + stack()[2:4])
    assert made.volume is not None and error_of(made.volume) < 1e-3
    assert made.volume.values.shape[2] == 6
    assert made.facts["copies"] == 2


def test_a_series_that_came_twice_under_other_numbers_is_one_volume() -> None:
    again = [
        Slice(one.frame.model_copy(update={"instance": one.frame.instance + 100}), one.load)
        for one in stack()
    ]
    made = only(stack() + again)
    assert made.volume is not None and made.volume.values.ndim == 3
    assert made.facts["copies"] == 6


def test_different_pictures_of_one_number_are_ambiguous() -> None:
    made = only([*stack(), slice_at((-12.0, -20.0, 8.0), brighter=1.0, instance=2)])
    assert made.volume is None and made.refusal is not None
    assert made.refusal.reason is Reason.SERIES_AMBIGUOUS


def test_a_single_second_picture_of_a_place_is_ambiguous() -> None:
    made = only([*stack(), slice_at((-12.0, -20.0, 8.0), brighter=1.0, instance=99)])
    assert made.refusal is not None and made.refusal.reason is Reason.SERIES_AMBIGUOUS


def test_pixels_are_read_once_where_no_place_is_taken_twice() -> None:
    reads = []

    def counted(one: Slice) -> Slice:
        def load() -> np.ndarray:  # type: ignore[type-arg]
            reads.append(one.frame.instance)
            return one.load()

        size = {"rows": 6, "columns": 5}
        return Slice(one.frame.model_copy(update=size), load)

    only([counted(one) for one in stack()])
    assert sorted(reads) == [1, 2, 3, 4, 5, 6]
