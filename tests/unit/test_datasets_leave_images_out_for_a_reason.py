"""What a dataset version leaves out, it names with a reason."""

import random
from dataclasses import replace

import pytest

from events.dataset import Split
from medloop.rules.candidates import SENTENCES, Left
from medloop.rules.datasets import freeze
from tests.candidates import candidate, candidates, csv, project, volume


def reasons(**changes: object) -> dict[str, int]:
    return freeze(project(), [*candidates(100), candidate(100, **changes)]).excluded


@pytest.mark.parametrize("left", Left)
def test_every_reason_has_a_sentence(left: Left) -> None:
    assert SENTENCES[left]


def test_a_volume_is_no_picture_and_a_picture_no_volume() -> None:
    assert reasons(dims=3) == {"wrong_dimensions": 1}
    volumes = [volume(n) for n in range(100)]
    assert freeze(project(spatial_dims=3), [*volumes, candidate(100)]).excluded == {"wrong_dimensions": 1}


def test_slices_of_a_volume_are_samples_only_where_pictures_are_wanted() -> None:
    volumes, piece = [volume(n) for n in range(100)], candidate(100, is_slice=True)
    frozen = freeze(project(spatial_dims=3), [*volumes, piece])
    assert (len(frozen.samples), frozen.excluded) == (100, {})
    assert len(freeze(project(), [*candidates(100), piece]).samples) == 101


def test_an_earlier_version_of_a_volume_is_superseded() -> None:
    assert reasons(is_superseded=True) == {"superseded": 1}


def test_what_has_no_label_is_unlabelled() -> None:
    assert reasons(purpose="images", label=None) == {"unlabelled": 1}


def test_of_copies_on_one_side_the_first_stays() -> None:
    first = candidates(100)
    copy = candidate(100, array_sha256=first[7].array_sha256, patient_group=first[7].patient_group)
    [left] = freeze(project(), [*first, copy]).exclusions
    assert (left.image, left.reason, left.like) == (copy.id, "duplicate", first[7].id)


def with_looks_of(side: Split, bits: int) -> tuple[str, str, dict[str, int]]:
    """(an image on this side, its twin on the training side, what is left out)."""
    images = candidates(100)
    sides = freeze(project(), images).sides
    locked = next(one for one in images if sides[one.patient_group] == side)
    learnt = next(one for one in reversed(images) if sides[one.patient_group] == "train")
    number = int(locked.fingerprint or "", 16)
    for bit in random.Random(bits).sample(range(256), bits):
        number ^= 1 << bit
    twin = replace(learnt, fingerprint=f"{number:064x}")
    frozen = freeze(project(), [twin if one == learnt else one for one in images])
    return locked.id, twin.id, {one.image: 1 for one in frozen.exclusions if one.like == locked.id}


@pytest.mark.parametrize("side", ["test", "validation"])
@pytest.mark.parametrize("bits", [0, 1, 16])
def test_what_shows_the_same_on_a_more_locked_side_is_not_learnt_from(side: Split, bits: int) -> None:
    _, twin, left = with_looks_of(side, bits)
    assert left == {twin: 1}


def test_what_merely_resembles_is_kept() -> None:
    assert with_looks_of("test", 17)[2] == {}


def test_images_that_resemble_on_one_side_both_stay() -> None:
    assert with_looks_of("train", 0)[2] == {}


def test_every_image_is_either_in_or_left_out_once() -> None:
    images = [*candidates(60), *(candidate(n, label=None, purpose="images") for n in range(60, 70))]
    images += [candidate(70, dims=3), candidate(71, label="star"), candidate(72, is_superseded=True)]
    images += [candidate(73, array_sha256=images[0].array_sha256)]
    frozen = freeze(project(), images, csv("a", ("nowhere.png", "ring")))
    told = [one.image for one in frozen.samples] + [one.image for one in frozen.exclusions]
    assert sorted(told) == sorted(one.id for one in images)
    assert sum(frozen.excluded.values()) == 14
