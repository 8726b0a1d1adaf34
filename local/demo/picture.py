"""One picture of a demo run: predictions with their images, what was measured, training curves."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

from events.evaluation import Evaluation
from local.demo.answers import Answer

matplotlib.use("Agg")

COLUMNS = 8
RIGHT, WRONG = "#2e7d32", "#b3261e"
TRUTH, OWN = "#56B4E9", "#E69F00"


def draw(path: Path, answers: list[Answer], evaluation: Evaluation, history: list[dict[str, Any]]) -> None:
    """Write a PNG; at most two rows of answers, the worst first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 9), layout="constrained")
    top, bottom = figure.subfigures(2, 1, squeeze=False)[:, 0]
    draw_answers(top, sorted(answers, key=lambda answer: answer.score)[: 2 * COLUMNS])
    left, right = bottom.subfigures(1, 2, squeeze=False, width_ratios=[1, 1.2])[0]
    draw_measured(left.subplots(), evaluation)
    draw_curves(right.subplots(), history)
    figure.savefig(path, dpi=110)


def draw_answers(figure: Any, answers: list[Answer]) -> None:
    is_masked = any(answer.answer is not None for answer in answers)
    legend = "; outlines: blue as drawn by hand, orange as predicted" if is_masked else ""
    figure.suptitle(f"Images the model never saw, and what it said{legend}")
    for number, axis in enumerate(figure.subplots(2, COLUMNS).flat):
        axis.axis("off")
        if number < len(answers):
            answer = answers[number]
            axis.imshow(for_screen(answer.image), cmap="gray")
            outline(axis, answer)
            axis.set_title(answer.title, fontsize=8, color=RIGHT if answer.good else WRONG)


def outline(axis: Any, answer: Answer) -> None:
    for labels, colour, width in ((answer.truth, TRUTH, 2.4), (answer.answer, OWN, 1.0)):
        for structure in () if labels is None else range(1, int(labels.max()) + 1):
            axis.contour(labels == structure, levels=[0.5], colors=colour, linewidths=width)


def for_screen(image: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = np.percentile(image, (1, 99))
    scaled: NDArray[np.float32] = np.clip((image - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)
    return scaled


def draw_measured(axis: Any, evaluation: Evaluation) -> None:
    axis.set_title(f"Locked test images, {evaluation.metric} {evaluation.challenger.value:.3f}")
    if evaluation.confusion:
        draw_confusion(axis, evaluation)
    else:
        draw_bars(axis, evaluation)


def draw_confusion(axis: Any, evaluation: Evaluation) -> None:
    matrix = np.array(evaluation.confusion)
    axis.imshow(matrix, cmap="Blues")
    axis.set_xticks(range(len(evaluation.classes)), evaluation.classes, rotation=45, ha="right")
    axis.set_yticks(range(len(evaluation.classes)), evaluation.classes)
    axis.set_xlabel("predicted")
    axis.set_ylabel("truth")
    for (row, column), count in np.ndenumerate(matrix):
        dark = count > matrix.max() / 2
        axis.text(column, row, str(count), ha="center", va="center", color="white" if dark else "black")


def draw_bars(axis: Any, evaluation: Evaluation) -> None:
    names = list(evaluation.challenger.per_class)
    rows = np.arange(len(names))
    axis.barh(rows - 0.2, list(evaluation.challenger.per_class.values()), 0.4, label="this model")
    trivial = [evaluation.baseline.per_class.get(name, 0.0) for name in names]
    axis.barh(rows + 0.2, trivial, 0.4, label=evaluation.baseline_name, color="0.75")
    axis.set_yticks(rows, names)
    axis.set_xlim(0, 1)
    axis.invert_yaxis()
    axis.legend(loc="lower left")


def draw_curves(axis: Any, history: list[dict[str, Any]]) -> None:
    epochs = [entry["epoch"] for entry in history]
    axis.set_title("Training")
    axis.set_xlabel("epoch")
    axis.plot(epochs, [entry["train_loss"] for entry in history], label="training loss")
    axis.plot(epochs, [entry["validation_loss"] for entry in history], label="validation loss")
    score = axis.twinx()
    score.plot(epochs, [entry["validation_score"] for entry in history], "k--", label="validation score")
    score.set_ylim(0, 1.02)
    lines = [*axis.get_lines(), *score.get_lines()]
    axis.legend(lines, [line.get_label() for line in lines], loc="center right")
