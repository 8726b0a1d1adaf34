"""What became of a dataset from one version to another."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from events.dataset import Exclusion, Sample


@dataclass(frozen=True)
class Change:
    """An image that both versions hold, and one thing that is different about it."""

    image: str
    before: str
    after: str


@dataclass(frozen=True)
class Removed:
    """An image that only the older version holds."""

    image: str
    why: str | None
    """The newer version's reason to leave it out; None where the image is no longer there at all."""


@dataclass(frozen=True)
class Changes:
    """Everything by image id."""

    added: tuple[Sample, ...]
    removed: tuple[Removed, ...]
    relabelled: tuple[Change, ...]
    moved: tuple[Change, ...]
    """Between sides of the split: always none, unless a restore forgot the sides."""
    remasked: tuple[str, ...]
    """Images whose mask came, went, or became another one."""
    kept: int
    """Images that are in both, changed or not."""

    @property
    def counts(self) -> dict[str, int]:
        """How many of each."""
        names = ("added", "removed", "relabelled", "moved", "remasked")
        return {name: len(getattr(self, name)) for name in names}

    @property
    def causes(self) -> dict[str, int]:
        """Why images were removed → how many."""
        return dict(sorted(Counter(one.why or "no longer accepted" for one in self.removed).items()))


def compare(before: Iterable[Sample], after: Iterable[Sample], left: Iterable[Exclusion]) -> Changes:
    """The way from one version to another of the same project; `left` is what the newer one leaves out."""
    old, new = ({one.image: one for one in samples} for samples in (before, after))
    reasons = {one.image: one.reason for one in left}
    both = sorted(old.keys() & new.keys())
    return Changes(
        added=tuple(new[image] for image in sorted(new.keys() - old.keys())),
        removed=tuple(Removed(image, reasons.get(image)) for image in sorted(old.keys() - new.keys())),
        relabelled=tuple(
            Change(image, " | ".join(old[image].labels), " | ".join(new[image].labels))
            for image in both
            if old[image].labels != new[image].labels
        ),
        moved=tuple(
            Change(image, old[image].split, new[image].split)
            for image in both
            if old[image].split != new[image].split
        ),
        remasked=tuple(image for image in both if mask_of(old[image]) != mask_of(new[image])),
        kept=len(both),
    )


def mask_of(sample: Sample) -> str | None:
    return None if sample.mask is None else sample.mask.sha256
