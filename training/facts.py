"""The facts of a model card, as numbers and sentences; `model_card.json` holds them for machines."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from events.dataset import Split, Task
from events.evaluation import Evaluation, Interval, Scores, Subgroup
from medloop.rules.gate import honest, unseen
from medloop.rules.recipe import Recipe
from training.cases import Case
from training.plots import worst_cases


class Explained(Protocol):
    def explanation(self) -> tuple[str, ...]:
        """Sentences for people."""


class Described(Protocol):
    """What a card needs of training.artefact.Description."""

    @property
    def project(self) -> str: ...
    @property
    def model_version(self) -> int: ...
    @property
    def task(self) -> Task: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def dataset(self) -> str: ...
    @property
    def recipe(self) -> Recipe: ...
    @property
    def preprocessing(self) -> Explained: ...
    @property
    def finishing(self) -> Explained: ...


@dataclass(frozen=True, eq=False)
class Story:
    """Everything that a card is made from."""

    model: Described
    evaluation: Evaluation
    history: Sequence[Mapping[str, float]]
    """A row per epoch: epoch, train_loss, validation_loss, validation_score, learning_rate, seconds."""
    best_epoch: int
    ending: str
    """Why training ended."""
    counts: Mapping[Split, int]
    """Items per split."""
    cases: Sequence[Case]
    """Every test case."""


class Fact(BaseModel):
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")


class ModelScore(Fact):
    """One row of the table of scores."""

    model: str
    value: float
    interval: Interval
    """As wide as the number of patients demands, also where the bootstrap's has no width."""
    calibration_error: float | None
    per_class: dict[str, float]
    further: dict[str, float]


class SubgroupScore(Fact):
    attribute: str
    value: str
    items: int
    patients: int
    challenger: float
    interval: Interval
    champion: float | None
    difference: Interval | None


class WorstCase(Fact):
    image: str
    score: float
    truth: str
    answer: str


class Facts(Fact):
    """`model_card.json`."""

    format: Literal[1] = 1
    project: str
    model_version: int
    task: Task
    spatial_dims: int
    classes: tuple[str, ...]
    summary: str
    intended_use: str
    limits: tuple[str, ...]
    metric: str
    test_items: int
    test_patients: int
    test_digest: str
    scores: tuple[ModelScore, ...]
    """This model, the champion where there was one, the baseline."""
    champion_version: int | None
    difference: Interval | None
    """This model minus champion."""
    subgroups: tuple[SubgroupScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    worst: tuple[WorstCase, ...]
    dataset: str
    items: dict[Split, int]
    """Per split."""
    preprocessing: tuple[str, ...]
    finishing: tuple[str, ...]
    recipe: Recipe
    epochs: int
    best_epoch: int
    ending: str
    seconds: float
    device: str
    processes: int
    peak_memory: int
    pictures: tuple[str, ...]


def facts_of(story: Story, pictures: tuple[str, ...]) -> Facts:
    model, evaluation = story.model, story.evaluation
    shared: dict[str, Any] = {
        name: getattr(evaluation, name)
        for name in Facts.model_fields.keys() & Evaluation.model_fields.keys() - {"subgroups"}
    }
    return Facts(
        **shared,
        spatial_dims=model.recipe.spatial_dims,
        summary=summary(model),
        intended_use=INTENDED_USE,
        limits=tuple(limits(story)),
        scores=tuple(score_rows(evaluation)),
        subgroups=tuple(subgroup_row(group) for group in evaluation.subgroups),
        worst=tuple(
            WorstCase(image=case.id, score=case.score, truth=case.truth, answer=case.answer)
            for case in worst_cases(story.cases)
        ),
        items=dict(story.counts),
        preprocessing=model.preprocessing.explanation(),
        finishing=model.finishing.explanation(),
        recipe=model.recipe,
        best_epoch=story.best_epoch,
        ending=story.ending,
        pictures=pictures,
    )


INTENDED_USE = (
    "Left to whoever puts it to use, and answers for that. This card says what was measured, not what it is "
    "good enough for."
)


def summary(model: Described) -> str:
    what = "2D images" if model.recipe.spatial_dims == 2 else "volumes"
    names, count = ", ".join(model.classes), len(model.classes)
    if model.task == "classification":
        return f"Tells {count} classes of {what} apart: {names}."
    if model.task == "multilabel":
        return (
            f"Says of {what} which of {counted(count, 'finding')} they show, none, one or several: {names}."
        )
    return f"Outlines {counted(count, 'structure')} in {what}: {names}."


def counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def limits(story: Story) -> Iterator[str]:
    evaluation = story.evaluation
    patients = counted(evaluation.test_patients, "test patient")
    yield "Not a medical device. Not shown to work on scanners, sites or patients unlike the dataset's."
    yield {
        "classification": "Always answers with one of its classes, also where an image belongs to none.",
        "multilabel": "Knows only its own findings, and takes an image that shows another for one without.",
        "segmentation": "Outlines only its own structures, and may do so in images that show none of them.",
    }[evaluation.task]
    if evaluation.task != "segmentation":
        yield confidence_limit(story.model.finishing.explanation())
    yield (
        f"What befalls fewer than {unseen(evaluation.test_patients):.1%} of patients may not have shown up "
        f"among the {patients}."
    )
    if not evaluation.subgroups:
        yield "Whether sexes, ages, scanners or sites fare differently is unknown: the dataset tells of none."


def confidence_limit(finishing: Sequence[str]) -> str:
    if any("temperature" in sentence for sentence in finishing):
        return "Probabilities are calibrated by one temperature on validation images, and good for no others."
    return "Probabilities are the network's own and are not calibrated."


def score_rows(evaluation: Evaluation) -> Iterator[ModelScore]:
    patients = evaluation.test_patients
    yield score_row("this model", evaluation.challenger, patients)
    if evaluation.champion is not None:
        yield score_row(f"champion (version {evaluation.champion_version})", evaluation.champion, patients)
    yield score_row(f"baseline: {evaluation.baseline_name}", evaluation.baseline, patients)


def score_row(name: str, scores: Scores, patients: int) -> ModelScore:
    return ModelScore(
        model=name,
        value=scores.value,
        interval=honest(scores.interval, patients, least=0.0),
        calibration_error=scores.calibration_error,
        per_class=scores.per_class,
        further={name: value for name, value in scores.further.items() if math.isfinite(value)},
    )


def subgroup_row(group: Subgroup) -> SubgroupScore:
    likely = {
        "interval": honest(group.interval, group.patients, least=0.0),
        "difference": None if group.difference is None else honest(group.difference, group.patients),
    }
    return SubgroupScore.model_validate(dict(group) | likely)
