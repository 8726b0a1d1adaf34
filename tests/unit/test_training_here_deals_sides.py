"""Patients stay on one side, and every class is on every side as far as that is possible."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.dataset import Split
from medloop.workbench.example import Example, Stored
from medloop.workbench.failures import Unusable
from medloop.workbench.split import Shares, deal, parse_shares, settle
from medloop.workbench.spool import Place

USUAL = Shares(0.8, 0.1, 0.1)


def example(
    number: int, label: str = "cat", side: Split | None = None, patient: str = "", pixels: int | None = None
) -> Example:
    digest = f"{number if pixels is None else pixels:032x}" * 2
    stored = Stored(
        f"{number:032x}", f"{number}.png", Place("0", 0, 1), ".npy", digest, digest, patient=patient
    )
    return Example(stored, (label,), side)


def counted(examples: list[Example], shares: Shares = USUAL) -> Counter[tuple[Split, str]]:
    sides, kept, _ = settle(examples, "chest", shares)
    return Counter((sides[one.group], label) for one in kept for label in one.labels)


@pytest.mark.parametrize(
    ("text", "shares"),
    [("80/10/10", USUAL), ("8/1/1", USUAL), ("0.8/0.1/0.1", USUAL), ("2/1/1", Shares(0.5, 0.25, 0.25))],
)
def test_shares_may_be_in_any_unit(text: str, shares: Shares) -> None:
    found = parse_shares(text)
    assert (found.train, found.validation, found.test) == pytest.approx(
        (shares.train, shares.validation, shares.test)
    )


@pytest.mark.parametrize(
    "text", ["100/0/0", "", "80/20", "a/b/c", "1/1/-1", "nan/1/1", "inf/1/1", "1e308/1e308/1e308"]
)
def test_a_side_without_images_is_no_split(text: str) -> None:
    with pytest.raises(Unusable, match="is no split"):
        parse_shares(text)


def test_every_class_is_on_every_side() -> None:
    examples = [example(number, ("cat", "dog")[number % 10 == 0]) for number in range(100)]
    found = counted(examples)
    assert found == {
        ("train", "cat"): 72,
        ("validation", "cat"): 9,
        ("test", "cat"): 9,
        ("train", "dog"): 8,
        ("validation", "dog"): 1,
        ("test", "dog"): 1,
    }


def test_of_three_images_each_side_gets_one() -> None:
    assert counted([example(number) for number in range(3)]) == {
        ("train", "cat"): 1,
        ("validation", "cat"): 1,
        ("test", "cat"): 1,
    }


def test_a_class_of_one_image_is_learnt() -> None:
    assert (
        counted([example(0, "rare"), *(example(number) for number in range(1, 20))])[("train", "rare")] == 1
    )


def test_the_same_folder_is_dealt_the_same_way_in_any_order() -> None:
    examples = [example(number, ("cat", "dog")[number % 2]) for number in range(30)]
    assert settle(examples, "chest", USUAL)[0] == settle(examples[::-1], "chest", USUAL)[0]


def test_classes_of_two_are_tested_or_validated_by_turns() -> None:
    sides = settle([example(number, f"class {number // 2:02}") for number in range(60)], "chest", USUAL)[0]
    assert Counter(sides.values()) == {"train": 30, "validation": 15, "test": 15}


def test_nothing_is_held_out_of_what_is_there_once() -> None:
    examples = [example(number, f"class {number}") for number in range(9)]
    assert set(settle(examples, "chest", USUAL)[0].values()) == {"train"}


def test_where_nothing_repeats_training_keeps_what_it_alone_shows() -> None:
    shown = {str(number): frozenset({f"value {number}", "common"}) for number in range(20)}
    examples = [
        replace(example(number, ""), labels=tuple(sorted(names)))
        for number, names in enumerate(shown.values())
    ]
    found = counted(examples)
    assert all(found[("train", f"value {number}")] == 1 for number in range(20))


patients = st.lists(st.integers(0, 12), min_size=3, max_size=60)


@given(patients)
def test_patients_stay_on_one_side(numbers: list[int]) -> None:
    examples = [
        example(place, ("cat", "dog")[place % 2], patient=f"p{number}")
        for place, number in enumerate(numbers)
    ]
    sides, kept, left = settle(examples, "chest", USUAL)
    assert not left
    assert set(sides) == {f"p{number}" for number in numbers}
    assert len(kept) == len(examples)


@given(
    st.dictionaries(st.text(max_size=4), st.frozensets(st.sampled_from("abcd")), min_size=1),
    st.integers(1, 9),
)
def test_everybody_is_dealt_once(shown: dict[str, frozenset[str]], part: int) -> None:
    sides = deal(shown, "chest", Shares(0.1, part / 10, 0.9 - part / 10))
    assert sides.keys() == shown.keys()
    assert "train" in sides.values()


def test_a_given_split_is_kept_and_what_it_lacks_is_taken_from_training() -> None:
    learnt = [example(number, side="train") for number in range(20)]
    examples = [*learnt, *(example(number, side="test") for number in range(20, 25))]
    assert counted(examples) == {("train", "cat"): 18, ("validation", "cat"): 2, ("test", "cat"): 5}


def test_a_patient_asked_onto_two_sides_stays_on_the_locked_one() -> None:
    asked = [
        example(0, side="train", patient="p"),
        example(1, side="test", patient="p"),
        example(2, side="train"),
    ]
    sides, kept, left = settle(
        [*asked, *(example(number, side="train") for number in range(3, 9))], "chest", USUAL
    )
    assert sides["p"] == "test"
    assert [(one.path, one.reason) for one in left] == [("0.png", "conflicting_split")]
    assert "0.png" not in {one.image.path for one in kept}


def test_of_equal_pictures_one_is_kept() -> None:
    _, kept, left = settle([example(0), example(1, pixels=0), example(2)], "chest", USUAL)
    assert [one.image.path for one in kept] == ["0.png", "2.png"]
    assert [(one.path, one.reason) for one in left] == [("1.png", "duplicate")]


def test_equal_pictures_of_two_classes_teach_nothing() -> None:
    _, kept, left = settle([example(0, "cat"), example(1, "dog", pixels=0), example(2)], "chest", USUAL)
    assert [one.image.path for one in kept] == ["2.png"]
    assert {(one.path, one.reason) for one in left} == {
        ("0.png", "ambiguous_label"),
        ("1.png", "ambiguous_label"),
    }


def test_a_published_split_keeps_its_copies_but_not_across_sides() -> None:
    examples = [
        example(0, side="test"),
        example(1, side="test", pixels=0),
        example(2, side="train", pixels=0),
        example(3, side="train"),
        example(4, side="validation"),
    ]
    _, kept, left = settle(examples, "chest", USUAL)
    assert [one.image.path for one in kept] == ["0.png", "1.png", "3.png", "4.png"]
    assert [(one.path, one.reason) for one in left] == [("2.png", "duplicate")]
