"""Which images a dataset version holds, on which side of the split, and what it is called."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from events.dataset import Sample, Split

TEST_SHARE = 0.15
VALIDATION_SHARE = 0.15


class NotTrainable(ValueError):
    """No model can be trained and judged on these images; the text says what is missing."""


@dataclass(frozen=True)
class LabelledImage:
    """An accepted image with its label, as the catalogue knows it."""

    image: str
    path: str
    sha256: str
    label: str
    group: str


@dataclass(frozen=True)
class Dataset:
    """An immutable version. `counts` is split → class → images."""

    id: str
    samples: tuple[Sample, ...]
    counts: dict[str, dict[str, int]]

    @property
    def manifest(self) -> str:
        """One JSON line per sample, sorted by image id: its SHA-256 is the dataset's id."""
        return "".join(sample.model_dump_json() + "\n" for sample in self.samples)


def split_of(project: str, group: str) -> Split:
    """The side a patient is on, for ever: it depends on nothing that grows.

    Every image of a group lands on one side, so no patient is both learnt from and judged on, and a
    test image stays a test image in every later version: the test split is locked.
    """
    digest = hashlib.sha256(f"{project}\0{group}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    if position < TEST_SHARE:
        return "test"
    return "validation" if position < TEST_SHARE + VALIDATION_SHARE else "train"


def freeze(project: str, classes: Sequence[str], images: Iterable[LabelledImage]) -> Dataset:
    """Make the dataset version of these images; the same images give the same version.

    Raises:
        NotTrainable: a class has no training image, or nothing is left to validate or test on.
    """
    samples = tuple(sorted((_sample(project, image) for image in images), key=lambda sample: sample.image))
    counts = _count(samples)
    _check_trainable(classes, counts)
    digest = hashlib.sha256("".join(sample.model_dump_json() + "\n" for sample in samples).encode())
    return Dataset(id=digest.hexdigest(), samples=samples, counts=counts)


def _sample(project: str, image: LabelledImage) -> Sample:
    return Sample(
        image=image.image,
        path=image.path,
        sha256=image.sha256,
        label=image.label,
        split=split_of(project, image.group),
        group=image.group,
    )


def _count(samples: Sequence[Sample]) -> dict[str, dict[str, int]]:
    sides: dict[str, Counter[str]] = {"train": Counter(), "validation": Counter(), "test": Counter()}
    for sample in samples:
        sides[sample.split][sample.label] += 1
    return {side: dict(sorted(counter.items())) for side, counter in sides.items()}


def _check_trainable(classes: Sequence[str], counts: dict[str, dict[str, int]]) -> None:
    missing = [name for name in classes if not counts["train"].get(name)]
    if missing:
        raise NotTrainable(f"no training image of class {', '.join(missing)}")
    for side in ("validation", "test"):
        if not counts[side]:
            raise NotTrainable(f"too few patients: none fell on the {side} side")
