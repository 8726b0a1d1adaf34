"""No patient is both learnt from and judged on: not in one version, and not from one version to the next."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.dataset import Split
from medloop.rules.datasets import Dataset, freeze
from medloop.rules.sides import settle, split_of
from tests.candidates import candidate, candidates, csv, project


def sides_of(frozen: Dataset) -> dict[str, set[str]]:
    sides: dict[str, set[str]] = {}
    for sample in frozen.samples:
        sides.setdefault(sample.group, set()).add(sample.split)
    return sides


def test_no_patient_is_on_two_sides() -> None:
    assert all(len(found) == 1 for found in sides_of(freeze(project(), candidates(200, groups=41))).values())


@given(st.integers(40, 120), st.integers(1, 60), st.integers(20, 60))
def test_growth_moves_no_patient(number: int, more: int, groups: int) -> None:
    before = freeze(project(), candidates(number, groups))
    after = freeze(project(), candidates(number + more, groups), settled=before.sides)
    assert before.sides.items() <= after.sides.items()


WISHES = st.sampled_from([None, "train", "validation", "test"])


@given(st.lists(st.tuples(st.integers(0, 30), WISHES), max_size=60), st.lists(st.integers(0, 30)))
def test_whatever_later_labels_ask_for_no_patient_moves(
    asked: list[tuple[int, Split | None]], more: list[int]
) -> None:
    before = settle("demo", [(f"p{number}", None) for number in more], {})
    after = settle("demo", [(f"p{number}", side) for number, side in asked], before.of)
    assert all(before.of[group] == side for group, side in after.of.items() if group in before.of)
    assert not after.of.keys() & after.conflicting


def test_the_shares_are_about_seventy_fifteen_fifteen() -> None:
    sides = [split_of("demo", f"patient-{number}") for number in range(10_000)]
    assert sides.count("test") / 10_000 == pytest.approx(0.15, abs=0.015)
    assert sides.count("validation") / 10_000 == pytest.approx(0.15, abs=0.015)


def three_more(split: str | None, other: str | None, groups: tuple[str, str, str]) -> Dataset:
    """The version with three more images: the first two are asked onto these sides."""
    images = [
        candidate(100 + n, purpose="images", label=None, source_path=f"{n}.png", patient_group=group)
        for n, group in enumerate(groups)
    ]
    labels = csv("a", ("0.png", "ring", split), ("1.png", "ring", other), ("2.png", "ring"))
    return freeze(project(), [*candidates(100), *images], labels)


@pytest.mark.parametrize("side", ["train", "validation", "test"])
def test_a_csv_may_say_the_side(side: str) -> None:
    frozen = three_more(side, side, ("new", "new", "other"))
    assert frozen.sides["new"] == side
    assert not frozen.excluded


def test_one_line_speaks_for_the_whole_patient() -> None:
    frozen = three_more("test", None, ("new", "other", "new"))
    assert [one.split for one in frozen.samples if one.group == "new"] == ["test", "test"]


def test_a_patient_asked_onto_two_sides_is_left_out() -> None:
    frozen = three_more("test", "train", ("new", "new", "new"))
    assert frozen.excluded == {"conflicting_split": 3}
    assert "new" not in frozen.sides


def test_a_patient_asked_off_its_side_is_left_out() -> None:
    settled: dict[str, Split] = {f"patient-{n}": split_of("demo", f"patient-{n}") for n in range(100)}
    group = next(group for group, side in settled.items() if side == "train")
    more = candidate(100, purpose="images", label=None, source_path="a.png", patient_group=group)
    images, labels = [*candidates(100), more], csv("a", ("a.png", "ring", "test"))
    assert freeze(project(), images, labels, settled).excluded == {"conflicting_split": 2}
    assert freeze(project(), images, labels, {}).sides[group] == "test"


def test_a_side_outlives_the_line_that_asked_for_it() -> None:
    images = [*candidates(100), candidate(100, patient_group="new")]
    hashed = freeze(project(), images).sides["new"]
    other: Split = "train" if hashed == "test" else "test"
    assert freeze(project(), images, settled={"new": other}).sides["new"] == other


def test_a_copy_under_another_patient_does_not_cross_the_sides() -> None:
    images = candidates(100)
    frozen = freeze(project(), images)
    learnt, judged = (
        next(one for one in images if frozen.sides[one.patient_group] == side) for side in ("train", "test")
    )
    copied = [replace(one, array_sha256=judged.array_sha256) if one == learnt else one for one in images]
    again = freeze(project(), copied)
    assert [(one.image, one.reason, one.like) for one in again.exclusions] == [
        (learnt.id, "near_duplicate_across_split", judged.id)
    ]
