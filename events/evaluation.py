"""What a training job measured: challenger, champion and a trivial baseline on the same locked images."""

from typing import Annotated

from pydantic import Field

from events.message import Digest, Message, ProjectName

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Difference = Annotated[float, Field(ge=-1.0, le=1.0)]


class Interval(Message):
    """A 95 % bootstrap interval."""

    low: Difference
    high: Difference


class Scores(Message):
    """One model on the test split."""

    accuracy: Fraction
    balanced_accuracy: Fraction
    accuracy_interval: Interval
    per_class: dict[str, Fraction]
    """Recall of each class that has test images."""


class Evaluation(Message):
    """`evaluation.json` in the job's output; the whole evidence the gate decides on."""

    project: ProjectName
    dataset: Digest
    model_version: int = Field(ge=1)
    test_images: int = Field(ge=0)
    test_digest: Digest
    """SHA-256 over the sorted test image ids: two models compare only on the same digest."""
    challenger: Scores
    baseline: Scores
    """Logistic regression on 16x16 pixels, trained on the same training split."""
    champion_version: int | None = None
    champion: Scores | None = None
    difference: Interval | None = None
    """Challenger minus champion accuracy, paired bootstrap over test images."""
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Rows are truth, columns prediction, in the order of `classes`; the challenger's."""
    epochs: int = Field(ge=0)
    seconds: float = Field(ge=0.0)
    device: str
