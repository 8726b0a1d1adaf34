"""Whatever the order of arrival, and however often a slice comes, a series makes the same files."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from medloop.imaging.volumes import Slice, assemble, encode_volume
from medloop.rules.project import Series
from medloop.rules.series import Vector
from tests.slices import SAGITTAL, slice_at, stack

UPRIGHT, LEANING = (0.0, 0.0, 3.0), (0.0, 1.0, 3.0)


def timed(moments: int, step: Vector) -> list[Slice]:
    return [
        Slice(one.frame.model_copy(update={"time": float(moment)}), one.load)
        for moment in range(moments)
        for one in stack(4, step, brighter=100.0 * moment)
    ]


def scan(moments: int, step: Vector) -> list[Slice]:
    """What a scanner sends under one series: a localizer, two echoes, another orientation, a time series."""
    localizer = slice_at((0.0, 0.0, 0.0), kind="localizer")
    second = stack(3, (4.0, 0.0, 0.0), directions=SAGITTAL, echo=20.0)
    third = stack(3, (0.0, 0.0, 5.0), echo=40.0)
    return [localizer, *second, *third, *timed(moments, step)]


def files(slices: list[Slice], policy: Series) -> list[tuple[bytes, dict[str, object]]]:
    """Without the counts of copies, which are what may differ."""
    counts = {"copies", "frames", "localizers"}
    made = []
    for one in assemble(slices, policy):
        facts = {name: value for name, value in one.facts.items() if name not in counts}
        made.append((b"" if one.volume is None else encode_volume(one.volume), facts))
    return made


@settings(max_examples=40, deadline=None)
@given(
    moments=st.integers(1, 3),
    step=st.sampled_from([UPRIGHT, LEANING, (0.0, 0.0, -2.5)]),
    again=st.lists(st.integers(0, 99), max_size=12),
    seed=st.integers(0, 10_000),
)
def test_order_and_copies_change_no_bit(moments: int, step: Vector, again: list[int], seed: int) -> None:
    once = scan(moments, step)
    expected = files(once, Series())
    assert all(content for content, _ in expected) and len(expected) == 3
    arrived = once + [once[number % len(once)] for number in again]
    order = np.random.default_rng(seed).permutation(len(arrived))
    assert files([arrived[index] for index in order], Series()) == expected


@settings(max_examples=40, deadline=None)
@given(
    heights=st.lists(st.integers(0, 12), min_size=1, max_size=8),
    gaps=st.sampled_from(["refuse", "accept"]),
    seed=st.integers(0, 10_000),
)
def test_refusals_do_not_depend_on_the_order_either(heights: list[int], gaps: str, seed: int) -> None:
    slices = [slice_at((0.0, 0.0, 2.5 * height), instance=height) for height in heights]
    policy = Series.model_validate({"gaps": gaps})
    order = np.random.default_rng(seed).permutation(len(slices))
    assert files([slices[index] for index in order], policy) == files(slices, policy)
