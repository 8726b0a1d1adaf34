"""What a training job measured: challenger, champion and a trivial baseline on the same locked images."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from events.dataset import Task
from events.message import Digest, Message, ProjectName

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Difference = Annotated[float, Field(ge=-1.0, le=1.0)]

Metric = Literal["accuracy", "macro AUROC", "mean Dice"]
"""What the gate compares: of classification, multi-label and segmentation."""

METRICS: Mapping[Task, Metric] = {
    "classification": "accuracy",
    "multilabel": "macro AUROC",
    "segmentation": "mean Dice",
}


class Interval(Message):
    """A 95 % interval, by bootstrap over patients."""

    low: Difference
    high: Difference


class Scores(Message):
    """One model on the test split."""

    value: Fraction
    """In the task's metric."""
    interval: Interval
    per_class: dict[str, Fraction]
    """Recall, AUROC or Dice of each class that the test images show."""
    further: dict[str, float] = {}
    """Other measures by name, such as `balanced accuracy` or `Hausdorff distance 95 %, mm`."""
    calibration_error: Fraction | None = None
    """Expected calibration error of the answers' confidence; None for a segmentation."""


class Subgroup(Message):
    """The same measurement on the test images of one scanner, site, sex or age band."""

    attribute: str
    value: str
    items: int = Field(ge=1)
    patients: int = Field(ge=1)
    challenger: Fraction
    interval: Interval
    champion: Fraction | None = None
    difference: Interval | None = None
    """Challenger minus champion."""


class Evaluation(Message):
    """`evaluation.json` in the job's output; the whole evidence the gate decides on."""

    project: ProjectName
    dataset: Digest
    model_version: int = Field(ge=1)
    task: Task
    metric: Metric
    train_items: int = Field(ge=0)
    test_items: int = Field(ge=0)
    test_patients: int = Field(ge=0)
    test_digest: Digest
    """SHA-256 over the sorted test image ids: two models compare only on the same digest."""
    challenger: Scores
    baseline: Scores
    baseline_name: str
    """What the trivial answer is, trained on the same training split."""
    champion_version: int | None = None
    champion: Scores | None = None
    difference: Interval | None = None
    """Challenger minus champion in the task's metric, paired bootstrap over patients."""
    subgroups: tuple[Subgroup, ...] = ()
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...] = ()
    """The challenger's: rows are truth, columns prediction, as in `classes`; of a classification."""
    epochs: int = Field(ge=0)
    seconds: float = Field(ge=0.0)
    """Of training, all attempts together."""
    device: str
    processes: int = Field(default=1, ge=1)
    peak_memory: int = Field(default=0, ge=0)
    """Bytes: of the GPU where there is one, else of the process."""
