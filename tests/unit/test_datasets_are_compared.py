"""What became of a dataset from one version to another is said image by image."""

from dataclasses import replace

from events.dataset import Exclusion, Mask
from medloop.rules.candidates import Candidate
from medloop.rules.dataset_changes import Change, Removed, compare
from medloop.rules.datasets import Dataset, freeze
from tests.candidates import candidate, candidates, image_of, project


def frozen(*images: Candidate) -> Dataset:
    return freeze(project(), [*candidates(100), *images])


def test_a_version_does_not_differ_from_itself() -> None:
    samples = frozen().samples
    changes = compare(samples, samples, ())
    assert changes.kept == 100 and not any(changes.counts.values())


def test_what_came_is_added() -> None:
    changes = compare(frozen().samples, frozen(candidate(100)).samples, ())
    assert [one.image for one in changes.added] == [image_of(100)]
    assert changes.counts == {"added": 1, "removed": 0, "relabelled": 0, "moved": 0, "remasked": 0}


def test_what_went_says_why() -> None:
    before = frozen(candidate(100), candidate(101))
    after = frozen(replace(candidate(100), label="star"))
    changes = compare(before.samples, after.samples, after.exclusions)
    wanted = {Removed(image_of(100), "unknown_class"), Removed(image_of(101), None)}
    assert set(changes.removed) == wanted
    assert changes.causes == {"no longer accepted": 1, "unknown_class": 1}


def test_new_labels_sides_and_masks_are_named() -> None:
    [first, second, third, *others] = frozen().samples
    mask = Mask(path="m.nii.gz", sha256="a" * 64, source=first.image)
    label = "ring" if first.labels == ("cross",) else "cross"
    side = "test" if second.split == "train" else "train"
    after = [
        first.model_copy(update={"labels": (label,)}),
        second.model_copy(update={"split": side}),
        third.model_copy(update={"mask": mask}),
        *others,
    ]
    changes = compare(
        [first, second, third, *others], after, [Exclusion(image="0" * 32, reason="unlabelled")]
    )
    assert changes.relabelled == (Change(first.image, first.labels[0], label),)
    assert changes.moved == (Change(second.image, second.split, side),)
    assert changes.remasked == (third.image,)
