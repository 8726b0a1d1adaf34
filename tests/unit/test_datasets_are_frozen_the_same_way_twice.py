"""A dataset version is content-addressed, and its split never moves a patient."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medloop.rules.datasets import LabelledImage, NotTrainable, freeze, split_of

CLASSES = ("ring", "cross")


def images(number: int, groups: int | None = None) -> list[LabelledImage]:
    return [
        LabelledImage(
            image=f"{index:032x}",
            path=f"images/demo/{index:032x}.npy",
            sha256=f"{index:064x}",
            label=CLASSES[index % 2],
            group=f"patient-{index % (groups or number)}",
        )
        for index in range(number)
    ]


def test_the_order_of_arrival_does_not_change_the_version() -> None:
    shuffled = images(100)
    random.Random(1).shuffle(shuffled)
    assert freeze("demo", CLASSES, shuffled).id == freeze("demo", CLASSES, images(100)).id


def test_one_image_more_is_another_version() -> None:
    assert freeze("demo", CLASSES, images(101)).id != freeze("demo", CLASSES, images(100)).id


def test_no_patient_is_on_two_sides() -> None:
    sides: dict[str, set[str]] = {}
    for sample in freeze("demo", CLASSES, images(200, groups=41)).samples:
        sides.setdefault(sample.group, set()).add(sample.split)
    assert all(len(found) == 1 for found in sides.values())


@given(st.integers(40, 120), st.integers(1, 60))
def test_growth_moves_no_sample_to_another_side(number: int, more: int) -> None:
    before = {s.image: s.split for s in freeze("demo", CLASSES, images(number)).samples}
    after = {s.image: s.split for s in freeze("demo", CLASSES, images(number + more)).samples}
    assert all(after[image] == split for image, split in before.items())


def test_the_shares_are_about_seventy_fifteen_fifteen() -> None:
    sides = [split_of("demo", f"patient-{number}") for number in range(10_000)]
    assert sides.count("test") / 10_000 == pytest.approx(0.15, abs=0.015)
    assert sides.count("validation") / 10_000 == pytest.approx(0.15, abs=0.015)


def test_a_class_without_training_images_is_named() -> None:
    with pytest.raises(NotTrainable, match="class star"):
        freeze("demo", (*CLASSES, "star"), images(100))


def test_a_single_patient_cannot_be_split() -> None:
    with pytest.raises(NotTrainable):
        freeze("demo", CLASSES, images(50, groups=1))
