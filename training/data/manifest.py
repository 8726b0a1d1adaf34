"""The dataset channel's manifest, read and held against what the job was told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from events.dataset import Sample, Split, Task
from training.failures import TrainingFailed

Splits = Mapping[Split, tuple[Sample, ...]]


def read_manifest(path: Path) -> tuple[Sample, ...]:
    """Raises TrainingFailed when there is no manifest, or a line is not a sample."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise TrainingFailed("dataset channel: manifest.jsonl is missing or not text") from error
    samples = []
    for number, line in enumerate(lines, start=1):
        try:
            samples.append(Sample.model_validate_json(line))
        except ValidationError:
            # The cause is dropped on purpose: its text would repeat the line.
            raise TrainingFailed(f"dataset channel: manifest line {number} is not a sample") from None
    return tuple(samples)


def split_samples(
    samples: Iterable[Sample], classes: Sequence[str], task: Task, spatial_dims: int
) -> dict[Split, tuple[Sample, ...]]:
    """The three splits, fit to train on.

    Raises:
        TrainingFailed: an empty split, samples that the task cannot learn from, a class without training
            images, an unknown label, an image named twice, or a patient on two sides.
    """
    samples = tuple(samples)
    _check_kind(samples, spatial_dims)
    _CHECKS[task](samples)
    if strangers := {label for sample in samples for label in sample.labels} - set(classes):
        raise TrainingFailed(f"dataset: {len(strangers)} label(s) are not among the project's classes")
    if len({sample.image for sample in samples}) < len(samples):
        raise TrainingFailed("dataset: an image appears twice")
    splits: dict[Split, tuple[Sample, ...]] = {
        name: tuple(sample for sample in samples if sample.split == name) for name in get_args(Split)
    }
    if empty := [name for name, members in splits.items() if not members]:
        raise TrainingFailed(f"dataset: the {empty[0]} split is empty")
    if task != "segmentation":
        _check_classes(splits["train"], classes)
    if len({(sample.group, sample.split) for sample in samples}) > len({sample.group for sample in samples}):
        raise TrainingFailed("dataset: a patient's images lie in more than one split")
    return splits


def is_volume(path: str) -> bool:
    return path.endswith(".nii.gz")


def _check_kind(samples: Sequence[Sample], spatial_dims: int) -> None:
    wanted, other = ("volumes", "pictures") if spatial_dims == 3 else ("pictures", "volumes")
    strange = sum(is_volume(sample.path) != (spatial_dims == 3) for sample in samples)
    if strange:
        raise TrainingFailed(f"dataset: it holds {strange} {other}, and the project is one of {wanted}")


def _check_classes(samples: Sequence[Sample], classes: Sequence[str]) -> None:
    missing = sorted(set(classes) - {label for sample in samples for label in sample.labels})
    if missing:
        raise TrainingFailed(f"dataset: no training image of class {', '.join(map(repr, missing))}")


def _one_class_each(samples: Sequence[Sample]) -> None:
    if wrong := sum(len(sample.labels) != 1 for sample in samples):
        raise TrainingFailed(
            f"dataset: {wrong} image(s) have no class or several; the task is classification"
        )


def _any_number_of_classes(samples: Sequence[Sample]) -> None:
    """Nothing to refuse: an image of none of the classes is an example too."""


def _one_mask_each(samples: Sequence[Sample]) -> None:
    if without := sum(sample.mask is None for sample in samples):
        raise TrainingFailed(f"dataset: {without} image(s) have no mask; the task is segmentation")


_CHECKS: Mapping[Task, Callable[[Sequence[Sample]], None]] = {
    "classification": _one_class_each,
    "multilabel": _any_number_of_classes,
    "segmentation": _one_mask_each,
}
