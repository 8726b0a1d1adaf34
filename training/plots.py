"""A model card's pictures: what was measured, drawn for people who see colours differently."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from events.evaluation import Evaluation, Interval, Subgroup
from medloop.rules.gate import honest
from training.cases import Case
from training.ranking import BINS

BLUE, ORANGE, SKY, GREY, BLACK = "#0072B2", "#E69F00", "#56B4E9", "#7a7a7a", "#222222"
"""Of the palette of Okabe and Ito; marks differ in shape or line as well."""

MOST_ROWS = 40
"""In one picture; of more, those that fare worst."""
MOST_NUMBERS = 20
"""Classes of a confusion matrix that still have room for a number in each cell."""
WORST, COLUMNS = 12, 4
TRUTH_WIDTH, ANSWER_WIDTH = 3.2, 1.4
"""Points; dashes would vanish where two structures share a border, drawn twice."""
LONGEST_NAME = 26

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "legend.frameon": False,
    # A class may be called $x$.
    "text.parse_math": False,
}


def draw_pictures(
    folder: Path,
    evaluation: Evaluation,
    history: Sequence[Mapping[str, float]],
    best_epoch: int,
    cases: Sequence[Case],
) -> tuple[str, ...]:
    """Write every picture that this task and this test set have something to show in; their names."""
    with quiet_style():
        made = {
            "curves.png": curves(history, best_epoch) if history else None,
            "confusion.png": confusion(evaluation) if evaluation.confusion else None,
            "per_class.png": per_class(evaluation) if evaluation.task == "multilabel" else None,
            "dice.png": dice(evaluation, cases) if evaluation.task == "segmentation" else None,
            "calibration.png": calibration(evaluation, cases)
            if evaluation.task == "classification"
            else None,
            "subgroups.png": subgroups(evaluation) if evaluation.subgroups else None,
            "worst.png": worst(cases) if cases else None,
        }
        drawn = {name: figure for name, figure in made.items() if figure is not None}
        for name, figure in drawn.items():
            figure.savefig(folder / name, dpi=130, metadata={"Software": None})
    return tuple(drawn)


@contextmanager
def quiet_style() -> Iterator[None]:
    """Names in scripts that the font lacks become boxes, without a warning each."""
    import matplotlib

    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def figure_of(width: float, height: float) -> Any:
    """Without pyplot: nothing global, and no window system is asked for."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


# ── training ───────────────────────────────────────────────────────────────────────────────────────────


def curves(history: Sequence[Mapping[str, float]], best_epoch: int) -> Any:
    figure = figure_of(8, 5.6)
    losses, scores = figure.subplots(2, 1, sharex=True)
    epochs = [row["epoch"] for row in history]
    marker = "o" if len(history) == 1 else None
    losses.plot(epochs, [row["train_loss"] for row in history], color=ORANGE, marker=marker, label="training")
    validation = [row["validation_loss"] for row in history]
    losses.plot(epochs, validation, color=BLUE, ls="--", marker=marker, label="validation")
    losses.set_title("Loss")
    scores.plot(epochs, [row["validation_score"] for row in history], color=BLUE, marker=marker)
    scores.set_title("Score on the validation images")
    scores.set_xlabel("epoch")
    scores.xaxis.get_major_locator().set_params(integer=True)
    for axis in (losses, scores):
        axis.axvline(best_epoch, color=BLACK, lw=1, ls=":", label=f"epoch {best_epoch}, kept")
        axis.grid(axis="y", alpha=0.25)
    losses.legend(loc="upper right")
    return figure


# ── classes ────────────────────────────────────────────────────────────────────────────────────────────


def confusion(evaluation: Evaluation) -> Any:
    """Coloured by the share of the true class, so that rare classes are seen; numbers are images."""
    counts = np.array(evaluation.confusion, dtype=np.float64)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = float(np.clip(2.2 + 0.5 * len(counts), 5, 13))
    figure = figure_of(side + 1.2, side)
    axis = figure.subplots()
    shown = axis.imshow(shares, cmap="cividis", vmin=0, vmax=1)
    figure.colorbar(shown, ax=axis, label="share of the true class", shrink=0.8)
    ticks = range(0, len(counts), 1 + len(counts) // 60)
    axis.set_xticks(ticks, [short(evaluation.classes[tick]) for tick in ticks], rotation=45, ha="right")
    axis.set_yticks(ticks, [short(evaluation.classes[tick]) for tick in ticks])
    axis.set(xlabel="answered", ylabel="true", title=f"{int(counts.sum())} locked test images")
    if len(counts) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(counts):
            colour = "black" if shares[row, column] > 0.55 else "white"
            axis.text(column, row, f"{count:.0f}", ha="center", va="center", color=colour)
    return figure


def per_class(evaluation: Evaluation) -> Any | None:
    own = evaluation.challenger.per_class
    names = sorted(own, key=lambda name: own[name])[:MOST_ROWS]
    if not names:
        return None
    figure = figure_of(8, row_height(len(names)))
    axis = figure.subplots()
    axis.axvline(0.5, color=GREY, lw=1, ls=":", label="guessing")
    mark_models(axis, evaluation, names)
    axis.set(title=f"AUROC of each class{left_out(len(own))}", xlabel="area under the ROC curve")
    axis.set_xlim(min(0.45, *(own[name] - 0.05 for name in names)), 1.02)
    finish_rows(figure, axis, names)
    return figure


def mark_models(axis: Any, evaluation: Evaluation, names: Sequence[str]) -> None:
    """A row per class, the first on top: where each of the models stands."""
    marks = [(evaluation.baseline, "x", GREY, "baseline")]
    if evaluation.champion is not None:
        marks.append((evaluation.champion, "D", ORANGE, champion_of(evaluation)))
    marks.append((evaluation.challenger, "o", BLUE, "this model"))
    for scores, marker, colour, label in marks:
        rows = [(scores.per_class[name], row) for row, name in enumerate(names) if name in scores.per_class]
        mark(axis, rows, marker, colour, label)


def mark(axis: Any, rows: Sequence[tuple[float, int]], marker: str, colour: str, label: str) -> None:
    """Diamonds are open, so that what they lie on is seen."""
    inside = "none" if marker == "D" else colour
    across, down = np.array(rows, dtype=np.float64).reshape(-1, 2).T
    axis.plot(across, down, marker, color=colour, mfc=inside, ms=8, mew=2, zorder=4, label=label)


def champion_of(evaluation: Evaluation) -> str:
    return f"champion, version {evaluation.champion_version}"


# ── structures ─────────────────────────────────────────────────────────────────────────────────────────


def dice(evaluation: Evaluation, cases: Sequence[Case]) -> Any | None:
    """Every case a dot, over a box from the first to the third quartile; the worst structure on top."""
    values = {name: dice_of(name, cases) for name in evaluation.classes}
    seen = {name: own for name, own in values.items() if len(own)}
    names = sorted(seen, key=lambda name: float(np.median(seen[name])))[:MOST_ROWS]
    if not names:
        return None
    figure = figure_of(8, row_height(len(names)))
    axis = figure.subplots()
    for row, name in enumerate(names):
        draw_spread(axis, row, seen[name])
    mark_models(axis, evaluation, names)
    axis.set(title=f"Dice of each test case{left_out(len(seen))}", xlabel="Dice", xlim=(-0.02, 1.02))
    finish_rows(figure, axis, [f"{short(name)}\n{len(seen[name])} cases" for name in names])
    return figure


def dice_of(name: str, cases: Sequence[Case]) -> NDArray[np.float64]:
    """Of the cases whose truth or answer holds the structure."""
    own = np.array([case.dice.get(name, np.nan) for case in cases], dtype=np.float64)
    return own[~np.isnan(own)]


def draw_spread(axis: Any, row: int, values: NDArray[np.float64]) -> None:
    low, middle, high = np.percentile(values, (25, 50, 75))
    axis.barh(row, high - low, left=low, height=0.62, color=SKY, alpha=0.35, lw=0)
    axis.plot([middle, middle], [row - 0.31, row + 0.31], color=BLUE, lw=2)
    # Dots apart by their order: the same picture each time.
    offsets = 0.22 * np.sin(np.arange(len(values)) * 2.4)
    axis.scatter(np.sort(values), row + offsets, s=12, color=BLACK, alpha=0.55, lw=0)


# ── confidence ─────────────────────────────────────────────────────────────────────────────────────────


def calibration(evaluation: Evaluation, cases: Sequence[Case]) -> Any | None:
    """Of the images answered with this confidence, how many are right; bars are 95 % Wilson intervals."""
    if not cases:
        return None
    confidence = np.array([case.confidence for case in cases])
    right = np.array([case.score == 1 for case in cases], dtype=np.float64)
    figure = figure_of(6, 7)
    axis, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    axis.plot([0, 1], [0, 1], color=GREY, lw=1, ls=":", label="confidence is accuracy")
    draw_bins(axis, confidence, right)
    error = evaluation.challenger.calibration_error
    measured = "" if error is None else f", expected calibration error {error:.3f}"
    axis.set(ylabel="share that is right", title=f"{len(cases)} test images{measured}", ylim=(-0.03, 1.03))
    axis.legend(loc="upper left")
    counts.hist(confidence, bins=BINS, range=(0, 1), color=SKY, edgecolor="white")
    counts.set(xlabel="confidence of the answer", ylabel="images", xlim=(0, 1.01))
    return figure


def draw_bins(axis: Any, confidence: NDArray[np.float64], right: NDArray[np.float64]) -> None:
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    used = count > 0
    mean = np.bincount(bins, confidence, BINS)[used] / count[used]
    share = np.bincount(bins, right, BINS)[used] / count[used]
    low, high = wilson(share, count[used])
    ends = np.maximum([share - low, high - share], 0)
    axis.errorbar(mean, share, ends, fmt="o-", color=BLUE, ms=7, lw=1, capsize=3, label="this model")


def wilson(share: NDArray[np.float64], count: NDArray[np.int64]) -> tuple[Any, Any]:
    z = 1.96
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    return centre - half, centre + half


# ── subgroups ──────────────────────────────────────────────────────────────────────────────────────────


def subgroups(evaluation: Evaluation) -> Any:
    """A forest plot: the score in each subgroup, and beside it the difference to the champion."""
    worst_first = sorted(evaluation.subgroups, key=lambda group: group.challenger)[:MOST_ROWS]
    groups = sorted(worst_first, key=lambda group: (group.attribute, group.value))
    compared = evaluation.difference is not None
    figure = figure_of(11 if compared else 8, row_height(len(groups) + 1))
    widths = [3, 2] if compared else [1]
    axes = figure.subplots(1, len(widths), sharey=True, squeeze=False, width_ratios=widths)[0]
    draw_scores(axes[0], evaluation, groups)
    if compared:
        draw_differences(axes[1], evaluation, groups)
    labels = [f"{short(group.attribute)} {short(group.value)}\n{size_of(group)}" for group in groups]
    overall = f"all\n{evaluation.test_items} items, {evaluation.test_patients} patients"
    axes[0].set_title(f"{evaluation.metric} and 95 % interval{left_out(len(evaluation.subgroups))}")
    finish_rows(figure, axes[0], [overall, *labels])
    return figure


def draw_scores(axis: Any, evaluation: Evaluation, groups: Sequence[Subgroup]) -> None:
    overall = evaluation.challenger
    likely = honest(overall.interval, evaluation.test_patients, least=0.0)
    axis.axvline(overall.value, color=GREY, lw=1, ls=":")
    draw_interval(axis, 0, overall.value, likely, "s", "this model")
    for row, group in enumerate(groups, start=1):
        draw_interval(axis, row, group.challenger, honest(group.interval, group.patients, least=0.0))
    if evaluation.champion is not None:
        own = [
            (group.champion, row) for row, group in enumerate(groups, start=1) if group.champion is not None
        ]
        mark(axis, [(evaluation.champion.value, 0), *own], "D", ORANGE, champion_of(evaluation))
    axis.set_xlabel(evaluation.metric)


def draw_differences(axis: Any, evaluation: Evaluation, groups: Sequence[Subgroup]) -> None:
    assert evaluation.difference is not None
    rows = [(0, evaluation.difference, evaluation.test_patients)]
    rows += [
        (row, group.difference, group.patients)
        for row, group in enumerate(groups, start=1)
        if group.difference is not None
    ]
    axis.axvline(0, color=GREY, lw=1, ls=":")
    for row, difference, patients in rows:
        likely = honest(difference, patients)
        draw_interval(axis, row, (difference.low + difference.high) / 2, likely, "|")
    axis.set(title="minus champion", xlabel="worse  ←  difference  →  better")
    axis.grid(axis="y", alpha=0.25)


def draw_interval(
    axis: Any, row: int, value: float, likely: Interval, marker: str = "o", label: str | None = None
) -> None:
    axis.plot([likely.low, likely.high], [row, row], color=BLUE, lw=2, solid_capstyle="butt")
    axis.plot([value], [row], marker=marker, color=BLUE, ms=8, ls="none", label=label)


def size_of(group: Subgroup) -> str:
    return f"{group.items} items, {group.patients} patients"


# ── cases ──────────────────────────────────────────────────────────────────────────────────────────────


def worst_cases(cases: Sequence[Case]) -> list[Case]:
    """The lowest scores; among equals, the surest of what is wrong and the least sure of what is right."""

    def key(case: Case) -> tuple[float, float, str]:
        sure = 0.0 if np.isnan(case.confidence) else case.confidence
        return case.score, sure if case.score == 1 else -sure, case.id

    return sorted(cases, key=key)[:WORST]


def worst(cases: Sequence[Case]) -> Any:
    chosen = worst_cases(cases)
    rows = -(-len(chosen) // COLUMNS)
    outlined = any(case.truth_mask is not None for case in chosen)
    figure = figure_of(11, 3.35 * rows + 0.5)
    for number, axis in enumerate(figure.subplots(rows, COLUMNS, squeeze=False).flat):
        axis.axis("off")
        if number < len(chosen):
            draw_case(axis, chosen[number])
    figure.suptitle(f"The worst {len(chosen)} of {len(cases)} test cases", x=0.01, ha="left", fontsize=13)
    if outlined:
        explain_outlines(figure)
    return figure


def draw_case(axis: Any, case: Case) -> None:
    axis.imshow(case.picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    if case.truth_mask is not None:
        outline(axis, case.truth_mask, SKY, TRUTH_WIDTH)
    if case.answer_mask is not None:
        outline(axis, case.answer_mask, ORANGE, ANSWER_WIDTH)
    axis.set_title("\n".join([case.id[:12], *told_of(case)]), fontsize=10, loc="left")


def outline(axis: Any, mask: NDArray[np.uint8], colour: str, width: float) -> None:
    """A rim of nothing around the mask closes outlines at the picture's edge."""
    framed = np.pad(mask, 1)
    down, across = (np.arange(side) - 1 for side in framed.shape)
    for structure in np.unique(mask[mask > 0]):
        inside = (framed == structure).astype(float)
        axis.contour(across, down, inside, [0.5], colors=[colour], linewidths=width)


def told_of(case: Case) -> list[str]:
    if case.truth_mask is None:
        sure = "" if np.isnan(case.confidence) else f" ({case.confidence:.2f})"
        return [f"true: {short(case.truth)}", f"said: {short(case.answer)}{sure}"]
    known = sorted((own, name) for name, own in case.dice.items() if not np.isnan(own))
    lowest = f"{short(known[0][1])} {known[0][0]:.2f}" if len(known) > 1 else ""
    return [f"Dice {case.score:.2f}", lowest]


def explain_outlines(figure: Any) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=SKY, lw=TRUTH_WIDTH, label="truth"),
        Line2D([], [], color=ORANGE, lw=ANSWER_WIDTH, label="answer"),
    ]
    figure.legend(handles=handles, loc="upper right", ncols=2)


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────


def finish_rows(figure: Any, axis: Any, names: Sequence[str]) -> None:
    axis.set_yticks(range(len(names)), [short(name, 2 * LONGEST_NAME) for name in names])
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.grid(axis="y", alpha=0.25)
    axis.tick_params(axis="y", length=0)
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)


def row_height(rows: int) -> float:
    return max(3.4, 1.7 + 0.48 * rows)


def left_out(rows: int) -> str:
    return "" if rows <= MOST_ROWS else f", the lowest {MOST_ROWS} of {rows}"


def short(name: str, longest: int = LONGEST_NAME) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"
