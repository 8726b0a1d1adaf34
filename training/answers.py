"""What a model answered to the locked test images, and what that is worth."""

import hashlib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from events.evaluation import Interval, Scores, Subgroup
from training.predict import case_dice
from training.ranking import auroc, calibration_error

RESAMPLES = 2000
SEED = 20240229
"""Fixed, and not the job's: equal answers always get equal intervals."""

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Answers(ABC):
    """Rows are test images, in the order of the manifest."""

    groups: Sequence[str]
    """Patients, as far as they are known."""
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.groups)

    @abstractmethod
    def value(self, weights: Numbers | None = None) -> float:
        """The task's metric, each image counting as often as its weight says."""

    @abstractmethod
    def rows(self, chosen: Indices) -> Self:
        """The answers to some of the images."""

    @abstractmethod
    def per_class(self) -> dict[str, float]:
        """Of the classes that the images show."""

    @abstractmethod
    def further(self) -> dict[str, float]:
        """Other measures, by name."""

    def calibration(self) -> float | None:
        return None

    def confusion(self) -> tuple[tuple[int, ...], ...]:
        return ()


@dataclass(frozen=True, eq=False)
class ClassAnswers(Answers):
    """One class an image."""

    truth: Indices
    probabilities: Numbers
    """[image, class]; a further column stands for classes that the project does not have."""

    @property
    def predicted(self) -> Indices:
        best: Indices = self.probabilities.argmax(1)
        return best

    def value(self, weights: Numbers | None = None) -> float:
        return float(np.average(self.truth == self.predicted, weights=weights))

    def rows(self, chosen: Indices) -> Self:
        groups = [self.groups[row] for row in chosen]
        return type(self)(groups, self.classes, self.truth[chosen], self.probabilities[chosen])

    def per_class(self) -> dict[str, float]:
        right = self.truth == self.predicted
        return {
            name: float(right[self.truth == index].mean())
            for index, name in enumerate(self.classes)
            if (self.truth == index).any()
        }

    def further(self) -> dict[str, float]:
        shown = self.truth[:, None] == np.arange(len(self.classes))
        areas = [auroc(own, wanted) for own, wanted in zip(self.probabilities.T, shown.T, strict=False)]
        known = [area for area in areas if area is not None]
        recalls = list(self.per_class().values())
        return {"balanced accuracy": float(np.mean(recalls))} | (
            {"macro AUROC": float(np.mean(known))} if known else {}
        )

    def calibration(self) -> float:
        return calibration_error(self.probabilities.max(1), self.truth == self.predicted)

    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """Rows are truth, columns prediction."""
        size = len(self.classes)
        known = self.predicted < size
        table = np.bincount(self.truth[known] * size + self.predicted[known], minlength=size * size)
        return tuple(tuple(int(count) for count in row) for row in table.reshape(size, size))


@dataclass(frozen=True, eq=False)
class LabelAnswers(Answers):
    """Any number of classes an image."""

    truth: Numbers
    """[image, class] of 0 and 1."""
    probabilities: Numbers
    named: NDArray[np.bool_]
    """[image, class]: which of them the model's thresholds name."""

    def value(self, weights: Numbers | None = None) -> float:
        """Mean over the classes that some images show and others do not; 0.5 where there is none such."""
        pairs = zip(self.probabilities.T, self.truth.T > 0, strict=True)
        areas = [area for own, wanted in pairs if (area := auroc(own, wanted, weights)) is not None]
        return float(np.mean(areas)) if areas else 0.5

    def rows(self, chosen: Indices) -> Self:
        groups = [self.groups[row] for row in chosen]
        parts = (self.truth[chosen], self.probabilities[chosen], self.named[chosen])
        return type(self)(groups, self.classes, *parts)

    def per_class(self) -> dict[str, float]:
        pairs = zip(self.classes, self.probabilities.T, self.truth.T > 0, strict=True)
        return {name: area for name, own, wanted in pairs if (area := auroc(own, wanted)) is not None}

    def further(self) -> dict[str, float]:
        right = self.named == (self.truth > 0)
        both = (self.named & (self.truth > 0)).sum(0)
        f1 = 2 * both / np.maximum(self.named.sum(0) + self.truth.sum(0), 1)
        return {"share of labels right": float(right.mean()), "macro F1": float(f1.mean())}

    def calibration(self) -> float:
        confidence = np.maximum(self.probabilities, 1 - self.probabilities)
        right = (self.probabilities >= 0.5) == (self.truth > 0)
        return calibration_error(confidence.ravel(), right.ravel())


@dataclass(frozen=True, eq=False)
class MaskAnswers(Answers):
    """One class a pixel or voxel."""

    dice: Numbers
    """[image, structure]; NaN where neither truth nor answer hold the structure."""

    @property
    def per_image(self) -> Numbers:
        return np.array([case_dice(row) for row in self.dice])

    def value(self, weights: Numbers | None = None) -> float:
        return float(np.average(self.per_image, weights=weights))

    def rows(self, chosen: Indices) -> Self:
        return type(self)([self.groups[row] for row in chosen], self.classes, self.dice[chosen])

    def per_class(self) -> dict[str, float]:
        columns = zip(self.classes, self.dice.T, strict=True)
        return {name: float(np.nanmean(own)) for name, own in columns if not np.isnan(own).all()}

    def further(self) -> dict[str, float]:
        return {"median Dice": float(np.median(self.per_image)), "worst Dice": float(self.per_image.min())}


def scores_of(answers: Answers) -> Scores:
    return Scores(
        value=answers.value(),
        interval=interval([answers]),
        per_class=answers.per_class(),
        further=answers.further(),
        calibration_error=answers.calibration(),
    )


def difference(challenger: Answers, champion: Answers) -> Interval:
    """Interval of challenger minus champion, both on the same images."""
    return interval([challenger, champion])


def interval(answers: Sequence[Answers]) -> Interval:
    """95 % interval of the metric, or of the first's minus the second's, by resampling patients.

    Whole patients are drawn, not images: images of one patient agree more than chance, and drawing them
    one by one would promise more certainty than there is.
    """
    _, member = np.unique(np.asarray(answers[0].groups), return_inverse=True)
    random = np.random.default_rng(SEED)
    values = np.empty(RESAMPLES)
    for resample in range(RESAMPLES):  # one at a time: a table of all would not fit for large test sets
        drawn = np.bincount(
            random.integers(0, member.max() + 1, member.max() + 1), minlength=member.max() + 1
        )
        each = [one.value(drawn[member].astype(np.float64)) for one in answers]
        values[resample] = each[0] - (each[1] if len(each) > 1 else 0.0)
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(low=float(low), high=float(high))


def subgroups(
    challenger: Answers, champion: Answers | None, attributes: Sequence[Mapping[str, str]]
) -> tuple[Subgroup, ...]:
    """The same measurement on every group of test images that share a scanner, site, sex or age band."""
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, known in enumerate(attributes):
        for attribute, value in known.items():
            members[attribute, value].append(row)
    return tuple(
        _subgroup(attribute, value, np.array(rows), challenger, champion)
        for (attribute, value), rows in sorted(members.items())
    )


def _subgroup(
    attribute: str, value: str, rows: Indices, challenger: Answers, champion: Answers | None
) -> Subgroup:
    own = challenger.rows(rows)
    other = None if champion is None else champion.rows(rows)
    return Subgroup(
        attribute=attribute,
        value=value,
        items=len(own),
        patients=len(set(own.groups)),
        challenger=own.value(),
        interval=interval([own]),
        champion=None if other is None else other.value(),
        difference=None if other is None else difference(own, other),
    )


def digest_of_ids(ids: Iterable[str]) -> str:
    """SHA-256 over the sorted ids, one per line: the name of a test set."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
