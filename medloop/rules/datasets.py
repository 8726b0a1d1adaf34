"""Which images a dataset version holds, what each is called, and which images it leaves out."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, get_args

from events.dataset import Exclusion, Mask, Sample, Split
from medloop.rules.candidates import Candidate, Left
from medloop.rules.labels import Label
from medloop.rules.matching import Match, Matches, Place, Verdict, fits, match, newest_class
from medloop.rules.near_duplicates import resembling
from medloop.rules.project import Project
from medloop.rules.sides import settle

MOST_LOCKED: Final[tuple[Split, ...]] = ("test", "validation", "train")
"""Of two copies on different sides the one further to the left stays."""


class NotTrainable(ValueError):
    """No model can be trained and judged on these images; the text says what is missing."""

    def __init__(self, problem: str, excluded: Mapping[str, int]) -> None:
        super().__init__(problem)
        self.excluded = dict(excluded)
        """Images left out, per reason: often what explains the problem."""


@dataclass(frozen=True)
class Dataset:
    """An immutable version. `counts` is split → class → images."""

    samples: tuple[Sample, ...]
    """By image id."""
    counts: dict[Split, dict[str, int]]
    exclusions: tuple[Exclusion, ...]
    """By image id."""
    unmatched_labels: int

    @cached_property
    def manifest(self) -> str:
        """One JSON line per sample: its SHA-256 is the dataset's id."""
        return "".join(sample.model_dump_json(exclude_defaults=True) + "\n" for sample in self.samples)

    @cached_property
    def id(self) -> str:
        return hashlib.sha256(self.manifest.encode()).hexdigest()

    @property
    def sides(self) -> dict[str, Split]:
        """Group → side."""
        return {sample.group: sample.split for sample in self.samples}

    @property
    def excluded(self) -> dict[str, int]:
        """Reason → images."""
        return dict(sorted(Counter(one.reason for one in self.exclusions).items()))

    @property
    def sources(self) -> dict[str, int]:
        """Origin of the label → images: `folder`, or the upload id of a CSV."""
        origins = ("folder" if one.source == one.image else str(one.source) for one in self.samples)
        return dict(sorted(Counter(origins).items()))


@dataclass(frozen=True)
class Labelled:
    """A candidate with what it is called."""

    image: Candidate
    verdict: Verdict | None
    """None where only a mask was asked for."""
    mask: Label | None

    @property
    def labels(self) -> tuple[str, ...]:
        return () if self.verdict is None else labels_in(self.verdict.label)

    @property
    def split(self) -> Split | None:
        return None if self.verdict is None else self.verdict.split


class Draft:
    """The images that are still in, and those that are out already, on the way to a version."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.exclusions: dict[str, Exclusion] = {}

    def leave(self, image: str, reason: Left, like: str | None = None) -> None:
        self.exclusions[image] = Exclusion(image=image, reason=reason.value, like=like)


def freeze(
    project: Project,
    images: Iterable[Candidate],
    labels: Iterable[Label] = (),
    settled: Mapping[str, Split] | None = None,
) -> Dataset:
    """Make the dataset version of these images; the same input gives the same version, in any order.

    `settled` is group → side of every patient in an earlier version: none ever changes sides.

    Raises:
        NotTrainable: a class has no training image, or nothing is left to validate or test on.
    """
    draft = Draft(project)
    fitting = of_right_dimensions(draft, without_superseded(draft, images))
    matches = match((Place(one.id, one.purpose, one.source_path) for one in fitting), labels)
    labelled = with_labels(draft, fitting, matches)
    sides = settle(project.project, ((one.image.patient_group, one.split) for one in labelled), settled or {})
    for one in labelled:
        if one.image.patient_group in sides.conflicting:
            draft.leave(one.image.id, Left.CONFLICTING_SPLIT)
    kept = [one for one in labelled if one.image.id not in draft.exclusions]
    kept = without_copies(draft, kept, sides.of)
    kept = without_resembling(draft, kept, sides.of)
    samples = tuple(sorted((sample(one, sides.of) for one in kept), key=lambda one: one.image))
    exclusions = tuple(draft.exclusions[image] for image in sorted(draft.exclusions))
    dataset = Dataset(samples, count(samples), exclusions, matches.unmatched)
    check_trainable(project, dataset)
    return dataset


def without_superseded(draft: Draft, images: Iterable[Candidate]) -> Iterator[Candidate]:
    for image in images:
        if image.is_superseded:
            draft.leave(image.id, Left.SUPERSEDED)
        else:
            yield image


def of_right_dimensions(draft: Draft, images: Iterable[Candidate]) -> list[Candidate]:
    """Slices of a volume are no samples of their own, and nothing that was left out."""
    wanted, fitting = draft.project.spatial_dims, []
    for image in images:
        if wanted == 3 and image.is_slice:
            continue
        if (image.dims or 2) == wanted:
            fitting.append(image)
        else:
            draft.leave(image.id, Left.WRONG_DIMENSIONS)
    return fitting


def with_labels(draft: Draft, images: Iterable[Candidate], matches: Matches) -> list[Labelled]:
    found = []
    for image in images:
        verdict = newest_class(matches.classes.get(image.id, ()), of_folder(image))
        masks = matches.masks.get(image.id, ())
        reason = trouble(image, verdict, masks, draft.project)
        if reason is not None:
            draft.leave(image.id, reason)
        else:
            found.append(Labelled(image, verdict, masks[0].label if masks else None))
    return found


def of_folder(image: Candidate) -> Verdict | None:
    if image.label is None:
        return None
    return Verdict(image.label, (image.accepted_at, "", image.id), image.id)


def trouble(
    image: Candidate, verdict: Verdict | None, masks: Sequence[Match], project: Project
) -> Left | None:
    """Why this image teaches nothing; None where it does."""
    is_segmentation = project.task == "segmentation"
    if is_segmentation and not masks:
        return Left.UNMASKED
    if not is_segmentation and verdict is None:
        return Left.UNLABELLED
    if (verdict and verdict.ambiguous) or (masks and masks[0].ambiguous):
        return Left.AMBIGUOUS_LABEL
    if not is_segmentation and verdict and not set(labels_in(verdict.label)) <= set(project.classes):
        return Left.UNKNOWN_CLASS
    if masks and not fits(masks[0].label.facts, image.lies):
        return Left.MASK_MISMATCH
    return None


def without_copies(draft: Draft, images: Iterable[Labelled], sides: Mapping[str, Split]) -> list[Labelled]:
    """One of the images with the same pixels, called what the newest label of any of them says."""
    copies: dict[str, list[Labelled]] = defaultdict(list)
    for one in images:
        copies[one.image.array_sha256].append(one)
    kept = []
    for same in copies.values():
        first, *others = sorted(same, key=lambda one: precedence(one.image, sides))
        verdicts = [one.verdict for one in same if one.verdict is not None]
        newest = max(verdicts, key=lambda verdict: verdict.age, default=None)
        kept.append(Labelled(first.image, newest, first.mask))
        for other in others:
            is_apart = sides[other.image.patient_group] != sides[first.image.patient_group]
            reason = Left.NEAR_DUPLICATE_ACROSS_SPLIT if is_apart else Left.DUPLICATE
            draft.leave(other.image.id, reason, first.image.id)
    return kept


def precedence(image: Candidate, sides: Mapping[str, Split]) -> tuple[object, ...]:
    return (MOST_LOCKED.index(sides[image.patient_group]), image.accepted_at, image.id)


def without_resembling(
    draft: Draft, images: Sequence[Labelled], sides: Mapping[str, Split]
) -> list[Labelled]:
    """Nothing is learnt from, or chosen by, that shows what a more locked side shows."""
    prints: dict[Split, dict[str, str]] = {side: {} for side in MOST_LOCKED}
    for one in images:
        if one.image.fingerprint is not None:
            prints[sides[one.image.patient_group]][one.image.id] = one.image.fingerprint
    locked: dict[str, str] = {}
    for side in MOST_LOCKED:
        for image, like in resembling(prints[side], locked).items():
            draft.leave(image, Left.NEAR_DUPLICATE_ACROSS_SPLIT, like)
        locked |= {image: its for image, its in prints[side].items() if image not in draft.exclusions}
    return [one for one in images if one.image.id not in draft.exclusions]


def sample(one: Labelled, sides: Mapping[str, Split]) -> Sample:
    image, verdict = one.image, one.verdict
    return Sample(
        image=image.id,
        path=image.array_path,
        sha256=image.array_sha256,
        labels=one.labels,
        split=sides[image.patient_group],
        group=image.patient_group,
        content=image.content_sha256,
        source=verdict.source if verdict else None,
        line=verdict.line if verdict else 0,
        mask=mask(one.mask) if one.mask is not None else None,
        attributes=image.subgroups,
    )


def mask(label: Label) -> Mask:
    assert label.array_path is not None and label.array_sha256 is not None
    return Mask(path=label.array_path, sha256=label.array_sha256, source=label.source)


def count(samples: Sequence[Sample]) -> dict[Split, dict[str, int]]:
    counters: dict[Split, Counter[str]] = {side: Counter() for side in get_args(Split)}
    for one in samples:
        counters[one.split].update(one.labels or ("(mask)" if one.mask else "(none)",))
    return {side: dict(sorted(counter.items())) for side, counter in counters.items()}


def labels_in(text: str) -> tuple[str, ...]:
    """A label as it is written down: several classes are parted by `|`, and none is no text."""
    return tuple(text.split("|")) if text else ()


def check_trainable(project: Project, dataset: Dataset) -> None:
    missing = [name for name in project.classes if not dataset.counts["train"].get(name)]
    if missing and project.task != "segmentation":
        raise NotTrainable(f"no training image of class {', '.join(missing)}", dataset.excluded)
    for side in get_args(Split):
        if not dataset.counts[side]:
            raise NotTrainable(f"too few patients: none fell on the {side} side", dataset.excluded)
