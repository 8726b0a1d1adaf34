"""A dataset version is content-addressed: the same images make the same version, in any order."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medloop.rules.datasets import NotTrainable, freeze
from tests.candidates import CLASSES, candidate, candidates, csv, image_of, project, upload_of


def test_the_order_of_arrival_does_not_change_the_version() -> None:
    shuffled = candidates(100)
    random.Random(1).shuffle(shuffled)
    assert freeze(project(), shuffled).id == freeze(project(), candidates(100)).id


@given(st.randoms(use_true_random=False))
def test_images_and_labels_may_come_in_any_order(shuffle: random.Random) -> None:
    images = [replace(one, fingerprint=None) for one in candidates(60, groups=40)]
    images += [candidate(n, purpose="images", label=None, source_path=f"s/{n}.png") for n in range(60, 80)]
    images += [candidate(90, array_sha256=images[0].array_sha256), candidate(91, fingerprint="0" * 64)]
    images += [candidate(92, fingerprint="0" * 63 + "1"), candidate(93, dims=3)]
    labels = csv("a", *[(f"s/{n}", CLASSES[n % 2]) for n in range(60, 75)])
    labels += csv("b", *[(f"{n}.png", CLASSES[n % 3 % 2]) for n in range(65, 70)], after=1)
    first = freeze(project(), images, labels)
    shuffle.shuffle(images)
    shuffle.shuffle(labels)
    again = freeze(project(), images, labels)
    assert (again.id, again.manifest, again.exclusions) == (first.id, first.manifest, first.exclusions)


def test_one_image_more_is_another_version() -> None:
    assert freeze(project(), candidates(101)).id != freeze(project(), candidates(100)).id


def test_another_label_is_another_version() -> None:
    changed = candidates(100)
    changed[0] = replace(changed[0], label="cross")
    assert freeze(project(), changed).id != freeze(project(), candidates(100)).id


def test_an_image_that_is_left_out_makes_no_other_version() -> None:
    more = [*candidates(100), candidate(100, label=None, purpose="images")]
    assert freeze(project(), more).id == freeze(project(), candidates(100)).id
    assert freeze(project(), more).excluded == {"unlabelled": 1}


def test_a_sample_says_where_it_and_its_label_come_from() -> None:
    late = candidate(100, purpose="images", label=None, source_path="s1/late.png")
    labels = csv("table", ("other.png", "ring"), ("s1/late.png", "cross"))
    samples = {one.image: one for one in freeze(project(), [*candidates(100), late], labels).samples}
    folder, table = samples[image_of(0)], samples[image_of(100)]
    assert (folder.labels, folder.source, folder.line) == (("ring",), image_of(0), 0)
    assert (table.labels, table.source, table.line) == (("cross",), upload_of("table"), 3)
    assert table.content == late.content_sha256 and table.sha256 == late.array_sha256


def test_the_manifest_holds_no_path_that_a_user_wrote() -> None:
    late = candidate(100, purpose="images", label=None, source_path="Doe^Jane.png")
    frozen = freeze(project(), [*candidates(100), late], csv("a", ("Doe^Jane.png", "ring")))
    assert len(frozen.samples) == 101
    assert "Doe" not in frozen.manifest and "Doe" not in repr(late)


def test_classes_are_counted_per_side() -> None:
    frozen = freeze(project(), candidates(100))
    assert sum(sum(side.values()) for side in frozen.counts.values()) == 100
    assert frozen.counts["train"]["ring"] == sum(
        one.split == "train" and one.labels == ("ring",) for one in frozen.samples
    )


def test_a_class_without_training_images_is_named() -> None:
    with pytest.raises(NotTrainable, match="class star"):
        freeze(project(classes=(*CLASSES, "star")), candidates(100))


def test_without_patients_to_test_on_nothing_is_frozen() -> None:
    images = [candidate(n, label=None, purpose="images") for n in range(100, 103)]
    with pytest.raises(NotTrainable, match="too few patients") as caught:
        freeze(project(), [*candidates(12, groups=1), *images])
    assert caught.value.excluded == {"unlabelled": 3}
