"""What differs in kind, size, orientation, echo, b-value or acquisition never shares a volume."""

from typing import Any

import pytest

from medloop.imaging.volumes import Stack, assemble
from medloop.rules.project import Series
from medloop.rules.reasons import Reason
from medloop.rules.series import Frame
from tests.slices import SAGITTAL, Slice, error_of, shuffled, slice_at, stack


def made_of(*slices: Slice) -> list[Stack]:
    return assemble(shuffled(slices), Series())


@pytest.mark.parametrize(
    "other",
    [
        {"echo": 40.0},
        {"b_value": 1000.0},
        {"kind": "phase"},
        {"acquisition": 2},
        {"row_mm": 2.5},
        {"size": (8, 8)},
    ],
)
def test_two_stacks_at_the_same_places_are_two_volumes(other: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"echo": 20.0, "b_value": 0.0, "acquisition": 1}
    first, second = stack(5, **usual), stack(5, brighter=500.0, **{**usual, **other})
    stacks = made_of(*first, *second)
    assert [one.volume is not None for one in stacks] == [True, True]
    assert {one.volume.values.shape[2] for one in stacks if one.volume} == {5}
    brightness = sorted(error_of(one.volume) > 1 for one in stacks if one.volume)
    assert brightness == [False, True]


def test_hardly_different_echoes_are_one() -> None:
    slices = [slice_at((0.0, 0.0, float(number)), echo=20 + 0.01 * number) for number in range(6)]
    (made,) = made_of(*slices)
    assert made.volume is not None


def test_measured_b_values_scatter_around_the_wanted_one() -> None:
    measured = (0.0, 2.0, 994.0, 999.0, 1003.0)
    slices = [
        one for number, value in enumerate(measured) for one in stack(b_value=value, time=float(number))
    ]
    stacks = assemble(slices, Series())
    assert sorted(int(one.facts["times"]) for one in stacks) == [1, 1]  # equal pictures count once
    assert [one.facts["b_value"] for one in stacks] == [0.0, 994.0]


def test_orientations_are_apart() -> None:
    across = stack(4, (2.0, 0.0, 0.0), directions=SAGITTAL)
    stacks = made_of(*stack(7), *across)
    assert sorted(one.volume.values.shape[2] for one in stacks if one.volume) == [4, 7]
    assert all(one.volume is not None and error_of(one.volume) < 1e-3 for one in stacks)


def test_localizers_are_left_out_and_counted() -> None:
    scouts = [slice_at((0.0, 0.0, float(n)), SAGITTAL, kind="localizer") for n in range(3)]
    (made,) = made_of(*scouts, *stack())
    assert made.volume is not None
    assert made.facts["localizers"] == 3


def test_localizers_alone_are_too_short() -> None:
    (made,) = made_of(slice_at((0.0, 0.0, 0.0), kind="localizer"))
    assert made.refusal is not None and made.refusal.reason is Reason.SERIES_TOO_SHORT
    assert made.facts["localizers"] == 1


def test_frames_without_a_place_do_not_disturb_the_others() -> None:
    lost = Slice(Frame(rows=6, columns=5), stack()[0].load)
    uncalibrated = slice_at((0.0, 0.0, 0.0), row_mm=None)
    stacks = made_of(lost, uncalibrated, *stack())
    assert stacks[0].volume is not None
    assert stacks[1].refusal is not None and stacks[1].refusal.reason is Reason.SERIES_NO_GEOMETRY
    assert stacks[1].facts["frames"] == 2


def test_acquisitions_that_complete_each_other_are_one_volume() -> None:
    slices = [slice_at((0.0, 0.0, 2.0 * number), acquisition=number // 3) for number in range(9)]
    (made,) = made_of(*slices)
    assert made.volume is not None and made.volume.values.shape[2] == 9


def test_thin_and_thick_slices_of_a_head_are_a_volume_each() -> None:
    """Step and shoot: thin slices one by one through the base of the skull, then thick ones in pairs."""
    thin = stack(14, (0.0, 0.0, 4.22), thickness_mm=4.0)
    thick = stack(14, (0.0, 0.0, 7.38), first=(-12.0, -20.0, 61.0), thickness_mm=7.0)
    turns = [
        Slice(one.frame.model_copy(update={"acquisition": number}), one.load)
        for number, one in enumerate(thin)
    ]
    turns += [
        Slice(one.frame.model_copy(update={"acquisition": 14 + number // 2}), one.load)
        for number, one in enumerate(thick)
    ]
    stacks = made_of(*turns)
    assert [one.facts["gap_mm"] for one in stacks] == [4.22, 7.38]
    assert all(one.volume is not None and error_of(one.volume) < 1e-3 for one in stacks)


def test_slices_that_overlap_by_thickness_alone_are_one_volume() -> None:
    slices = [slice_at((0.0, 0.0, 3.0 * number), thickness_mm=3.0 + number % 2) for number in range(8)]
    (made,) = made_of(*slices)
    assert made.volume is not None and made.volume.values.shape[2] == 8


def test_slices_in_colour_are_no_volume() -> None:
    colour = {"rows": 6, "columns": 5, "channels": 3}
    coloured = [Slice(one.frame.model_copy(update=colour), one.load) for one in stack()]
    (made,) = made_of(*coloured)
    assert made.refusal is not None and made.refusal.reason is Reason.SERIES_IN_COLOUR
