"""Stories of trainings that never happened, for all three tasks, to write model cards from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from events.dataset import Split, Task
from events.evaluation import Evaluation, Interval, Scores
from medloop.rules.recipe import Recipe
from medloop.rules.recipes import choose_recipe
from tests.evaluations import against, scores, subgroup
from training.cases import Case
from training.facts import Story

HISTORY = [
    {
        "epoch": epoch,
        "train_loss": 1.1 * 0.85**epoch + 0.05,
        "validation_loss": 0.9 * 0.88**epoch + 0.15 + 0.004 * max(0, epoch - 14),
        "validation_score": 1 - 0.6 * 0.8**epoch,
        "learning_rate": 1e-3,
        "seconds": 2.5 * epoch,
    }
    for epoch in range(1, 25)
]

GROUPS = (
    subgroup("age", "60-69", low=-0.02, challenger=0.93, interval=Interval(low=0.88, high=0.97)),
    subgroup("age", "70-79", low=-0.06, challenger=0.87, interval=Interval(low=0.79, high=0.93)),
    subgroup("scanner", "Acme Vision 3T", challenger=0.91, interval=Interval(low=0.85, high=0.96)),
    subgroup("sex", "F", low=-0.03, challenger=0.89, interval=Interval(low=0.82, high=0.95)),
    subgroup(
        "sex",
        "M",
        items=12,
        patients=8,
        challenger=1.0,
        interval=Interval(low=1, high=1),
        difference=Interval(low=0, high=0),
    ),
)


@dataclass(frozen=True)
class Sentences:
    told: tuple[str, ...]

    def explanation(self) -> tuple[str, ...]:
        return self.told


@dataclass(frozen=True)
class Model:
    """As training.artefact.Description, without a network behind it."""

    task: Task
    classes: tuple[str, ...]
    recipe: Recipe
    finishing: Sentences
    preprocessing: Sentences = Sentences(
        (
            "Spacing 1 x 1 x 2.5 mm: median of 80 training volumes.",
            "Patches of 96 x 96 x 48: the median image is 101 x 98 x 50.",
            "4 patches a step: as many as fit into the memory planned for.",
        )
    )
    project: str = "chest"
    model_version: int = 2
    dataset: str = "d" * 64


def picture(number: int, size: int = 96) -> NDArray[np.uint8]:
    """Something round on a noisy ground."""
    noise = np.random.default_rng(number).normal(60, 14, (size, size))
    noise[disc(number, size) > 0] += 90
    return np.clip(noise, 0, 255).astype(np.uint8)


def disc(number: int, size: int = 96, shift: float = 0.0, radius: float = 0.2) -> NDArray[np.uint8]:
    down, across = np.mgrid[:size, :size] / size - 0.5
    centre = 0.18 * np.cos(number), 0.18 * np.sin(number) + shift
    outer = (down - centre[0]) ** 2 + (across - centre[1]) ** 2 < radius**2
    inner = (down - centre[0]) ** 2 + (across - centre[1]) ** 2 < (radius / 2) ** 2
    labels: NDArray[np.uint8] = outer.astype(np.uint8) + inner.astype(np.uint8)
    return labels


def case(number: int, **changes: Any) -> Case:
    fields: dict[str, Any] = {
        "id": f"{number:032x}"[::-1],
        "group": f"patient-{number}",
        "score": 1.0,
        "truth": "normal",
        "answer": "normal",
        "confidence": 0.6 + 0.39 * (number * 0.37 % 1),
        "dice": {},
        "picture": picture(number),
        "truth_mask": None,
        "answer_mask": None,
    }
    return Case(**(fields | changes))


def scored(value: float, per_class: Mapping[str, float], **changes: Any) -> Scores:
    return scores(value, per_class=dict(per_class), **changes)


def story(task: Task, model: Model, evaluation: Evaluation, cases: list[Case]) -> Story:
    counts: dict[Split, int] = {"train": 400, "validation": 100, "test": evaluation.test_items}
    return Story(model, evaluation, HISTORY, 14, "no better for 10 epochs", counts, cases)


def classification(classes: tuple[str, ...] = ("normal", "pneumonia", "effusion")) -> Story:
    spread = dict(zip(classes, np.linspace(0.8, 0.97, len(classes)).tolist(), strict=True))
    own = scored(
        0.9, spread, calibration_error=0.031, further={"balanced accuracy": 0.88, "macro AUROC": 0.97}
    )
    counts = np.full((len(classes), len(classes)), 2) + np.diag([30] * len(classes))
    evaluation = against(
        classes=classes,
        challenger=own,
        champion=scored(0.88, spread, calibration_error=0.05, further={"balanced accuracy": 0.86}),
        baseline=scored(0.5, spread, calibration_error=0.2),
        confusion=tuple(tuple(row) for row in counts.tolist()),
        epochs=24,
        subgroups=GROUPS,
    )
    wrong = [case(n, score=0.0, truth=classes[0], answer=classes[-1]) for n in range(10)]
    model = Model(
        task="classification",
        classes=classes,
        recipe=choose_recipe("classification", 2, "small", {}),
        finishing=Sentences(("Probabilities are calibrated by one temperature, 1.31.",)),
    )
    return story("classification", model, evaluation, [*wrong, *(case(n) for n in range(10, 100))])


def multilabel() -> Story:
    classes = ("atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumothorax")
    areas = dict(zip(classes, (0.78, 0.91, 0.88, 0.69, 0.84, 0.74, 0.93), strict=True))
    evaluation = against(
        task="multilabel",
        metric="macro AUROC",
        classes=classes,
        confusion=(),
        challenger=scored(0.82, areas, calibration_error=0.02, further={"macro F1": 0.41}),
        champion=scored(0.81, {name: area - 0.02 for name, area in areas.items()}),
        baseline=scored(0.6, dict.fromkeys(classes, 0.6)),
        subgroups=GROUPS,
    )
    cases = [case(n, score=n / 40, truth="mass | nodule", answer="none") for n in range(40)]
    model = Model(
        task="multilabel",
        classes=classes,
        recipe=choose_recipe("multilabel", 2, "small", {}),
        finishing=Sentences(("Each class is named from the probability on that served best.",)),
    )
    return story("multilabel", model, evaluation, cases)


def segmentation() -> Story:
    classes = ("liver", "tumour")
    evaluation = against(
        task="segmentation",
        metric="mean Dice",
        classes=classes,
        confusion=(),
        challenger=scored(0.84, {"liver": 0.94, "tumour": 0.72}, further={"median Dice": 0.86}),
        champion=scored(0.83, {"liver": 0.93, "tumour": 0.7}),
        baseline=scored(0.4, {"liver": 0.6, "tumour": 0.1}),
        test_items=40,
        test_patients=40,
    )
    cases = [outlined(number) for number in range(40)]
    model = Model(
        task="segmentation",
        classes=classes,
        recipe=choose_recipe("segmentation", 3, "small", {}),
        finishing=Sentences(("Of 1 structure(s) only the largest connected part is kept.",)),
    )
    return story("segmentation", model, evaluation, cases)


def outlined(number: int) -> Case:
    own = {
        "liver": 0.97 - 0.002 * number,
        "tumour": float("nan") if number % 9 == 4 else 0.9 - 0.015 * number,
    }
    return case(
        number,
        score=float(np.nanmean(list(own.values()))),
        truth="",
        answer="",
        confidence=float("nan"),
        dice=own,
        truth_mask=disc(number),
        answer_mask=disc(number, shift=0.002 * number, radius=0.18),
    )
