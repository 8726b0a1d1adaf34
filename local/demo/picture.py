"""One picture of a demo run: predictions with their images, confusion matrix, training curves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

from events.evaluation import Evaluation

matplotlib.use("Agg")

COLUMNS = 8
RIGHT, WRONG = "#2e7d32", "#b3261e"


@dataclass(frozen=True)
class Answer:
    image: NDArray[np.float32]
    truth: str
    label: str
    confidence: float


def draw(path: Path, answers: list[Answer], evaluation: Evaluation, history: list[dict[str, Any]]) -> None:
    """Write a PNG; at most two rows of answers, wrong ones first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 9), layout="constrained")
    top, bottom = figure.subfigures(2, 1, squeeze=False)[:, 0]
    draw_answers(top, sorted(answers, key=lambda answer: answer.label == answer.truth)[: 2 * COLUMNS])
    left, right = bottom.subfigures(1, 2, squeeze=False, width_ratios=[1, 1.2])[0]
    draw_confusion(left.subplots(), evaluation)
    draw_curves(right.subplots(), history)
    figure.savefig(path, dpi=110)


def draw_answers(figure: Any, answers: list[Answer]) -> None:
    figure.suptitle("Images the model never saw, and what it said")
    for number, axis in enumerate(figure.subplots(2, COLUMNS).flat):
        axis.axis("off")
        if number < len(answers):
            answer = answers[number]
            axis.imshow(for_screen(answer.image), cmap="gray")
            colour = RIGHT if answer.label == answer.truth else WRONG
            axis.set_title(f"{answer.label}\n{answer.confidence:.2f}", fontsize=8, color=colour)


def for_screen(image: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = np.percentile(image, (1, 99))
    scaled: NDArray[np.float32] = np.clip((image - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)
    return scaled


def draw_confusion(axis: Any, evaluation: Evaluation) -> None:
    matrix = np.array(evaluation.confusion)
    axis.imshow(matrix, cmap="Blues")
    axis.set_title(f"Locked test images, accuracy {evaluation.challenger.accuracy:.3f}")
    axis.set_xticks(range(len(evaluation.classes)), evaluation.classes, rotation=45, ha="right")
    axis.set_yticks(range(len(evaluation.classes)), evaluation.classes)
    axis.set_xlabel("predicted")
    axis.set_ylabel("truth")
    for (row, column), count in np.ndenumerate(matrix):
        dark = count > matrix.max() / 2
        axis.text(column, row, str(count), ha="center", va="center", color="white" if dark else "black")


def draw_curves(axis: Any, history: list[dict[str, Any]]) -> None:
    epochs = [entry["epoch"] for entry in history]
    axis.set_title("Training")
    axis.set_xlabel("epoch")
    axis.plot(epochs, [entry["train_loss"] for entry in history], label="training loss")
    axis.plot(epochs, [entry["validation_loss"] for entry in history], label="validation loss")
    accuracy = axis.twinx()
    values = [entry["validation_accuracy"] for entry in history]
    accuracy.plot(epochs, values, "k--", label="validation accuracy")
    accuracy.set_ylim(0, 1.02)
    lines = [*axis.get_lines(), *accuracy.get_lines()]
    axis.legend(lines, [line.get_label() for line in lines], loc="center right")
