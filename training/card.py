"""MODEL_CARD.md: what a model is, what it was measured to do, and what nobody has shown."""

from collections.abc import Mapping

from events.evaluation import Evaluation, Scores
from training.artefact import Description


def model_card(
    model: Description, evaluation: Evaluation, counts: Mapping[str, int], best_epoch: int, ending: str
) -> str:
    """The card as Markdown. `counts` are images per split; `ending` says why training ended."""
    return "\n".join(
        [
            f"# {model.project}, version {model.model_version}",
            "",
            f"Tells {len(model.classes)} classes of 2D images apart: {', '.join(model.classes)}.",
            "",
            "## Measured",
            "",
            f"On {evaluation.test_images} locked test images that no training or choice ever saw. "
            "Where patients are known, all images of one lie in one split, and the 95 % bootstrap intervals "
            "draw patients.",
            "",
            *_score_table(evaluation),
            "",
            *_class_table(evaluation),
            "",
            "## Made from",
            "",
            f"- dataset version `{model.dataset}`: "
            + ", ".join(f"{count} {name}" for name, count in counts.items()),
            f"- recipe `{model.recipe.name}`, epoch {best_epoch} of {evaluation.epochs} ({ending})",
            f"- {evaluation.seconds:.0f} s on {evaluation.device}",
            f"- test set `{evaluation.test_digest}`",
            "",
            "## Limits",
            "",
            "- Not a medical device. Not shown to work on scanners, sites or patients unlike the dataset's.",
            "- Always answers with one of its classes, also for an image that belongs to none of them.",
            "- Probabilities are the network's own and are not calibrated.",
            "",
        ]
    )


def _score_table(evaluation: Evaluation) -> list[str]:
    rows = [
        "| model | accuracy | 95 % interval | balanced accuracy |",
        "|---|---|---|---|",
        _score_row("this model", evaluation.challenger),
    ]
    if evaluation.champion and evaluation.difference:
        rows.append(_score_row(f"champion (version {evaluation.champion_version})", evaluation.champion))
    rows.append(_score_row("logistic regression, 16x16 pixels", evaluation.baseline))
    if evaluation.difference:
        low, high = evaluation.difference.low, evaluation.difference.high
        rows += ["", f"This model minus champion, same images: {low:+.4f} to {high:+.4f}."]
    return rows


def _score_row(name: str, scores: Scores) -> str:
    low, high = scores.accuracy_interval.low, scores.accuracy_interval.high
    return f"| {name} | {scores.accuracy:.4f} | {low:.4f} to {high:.4f} | {scores.balanced_accuracy:.4f} |"


def _class_table(evaluation: Evaluation) -> list[str]:
    """Rows are truth, columns prediction."""
    header = f"| truth \\ predicted | {' | '.join(map(_cell, evaluation.classes))} |"
    rows = [
        f"| {_cell(name)} | {' | '.join(map(str, row))} |"
        for name, row in zip(evaluation.classes, evaluation.confusion, strict=True)
    ]
    return [header, "|---" * (len(evaluation.classes) + 1) + "|", *rows]


def _cell(name: str) -> str:
    return name.replace("|", "\\|")
