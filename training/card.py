"""MODEL_CARD.md: what a model is, what it was measured to do, and what nobody has shown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from events.dataset import Split
from events.evaluation import Interval
from training.facts import Facts, ModelScore, Story, SubgroupScore, facts_of
from training.plots import draw_pictures

__all__ = ["Story", "write_card"]

MOST_CLASSES = 12
"""Of more, a confusion matrix is a picture only."""

CAPTIONS = {
    "curves.png": "Loss and validation score of every epoch; the dotted line is the epoch that was kept",
    "confusion.png": "Confusion matrix on the test images",
    "per_class.png": "AUROC of every class, beside baseline and champion",
    "dice.png": "Dice of every test case, per structure",
    "calibration.png": "How often answers of a confidence are right",
    "subgroups.png": "The score in every subgroup with its 95 % interval",
    "worst.png": "The test cases with the lowest scores",
}


def write_card(folder: Path, story: Story) -> list[Path]:
    """The card, its pictures beside it, and the same facts for machines; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    evaluation = story.evaluation
    pictures = draw_pictures(folder, evaluation, story.history, story.best_epoch, story.cases)
    facts = facts_of(story, pictures)
    card, machines = folder / "MODEL_CARD.md", folder / "model_card.json"
    card.write_text(markdown(facts), encoding="utf-8")
    machines.write_text(facts.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return [card, machines, *(folder / name for name in pictures)]


def markdown(facts: Facts) -> str:
    return "\n".join(
        [
            f"# {facts.project}, version {facts.model_version}",
            "",
            plain(facts.summary),
            "",
            f"Not a medical device. Intended use: {facts.intended_use[0].lower()}{facts.intended_use[1:]}",
            "",
            *measured(facts),
            *classes(facts),
            *subgroups(facts),
            *trust(facts),
            *made_from(facts),
            *section("Limits", bullets(facts.limits)),
            "The same facts for machines: [model_card.json](model_card.json).",
            "",
        ]
    )


def section(title: str, lines: Iterable[str]) -> list[str]:
    return [f"## {title}", "", *"\n".join(lines).rstrip().split("\n"), ""]


# ── what was measured ──────────────────────────────────────────────────────────────────────────────────


def measured(facts: Facts) -> list[str]:
    lines = [
        f"On {facts.test_items} locked test items of {facts.test_patients} patients that no training or "
        "choice ever saw. Where patients are known, all images of one lie in one split, and the bootstrap "
        "draws patients for its 95 % intervals; one without width is made as wide as so few patients demand.",
        "",
        *score_table(facts),
        "",
    ]
    if facts.difference is not None:
        champion = f"champion (version {facts.champion_version})"
        lines += [f"This model minus {champion}, same images: {ends(facts.difference)}.", ""]
    return section("Measured", [*lines, *picture(facts, "worst.png"), *worst_table(facts)])


def score_table(facts: Facts) -> list[str]:
    calibrated = any(row.calibration_error is not None for row in facts.scores)
    further = list(dict.fromkeys(name for row in facts.scores for name in row.further))
    head = ["model", facts.metric, "95 % interval", *["calibration error"] * calibrated, *further]
    return table(head, (score_cells(row, calibrated, further) for row in facts.scores))


def score_cells(row: ModelScore, calibrated: bool, further: Sequence[str]) -> list[str]:
    return [
        row.model,
        number(row.value),
        ends(row.interval, sign=""),
        *[number(row.calibration_error)] * calibrated,
        *(number(row.further.get(name)) for name in further),
    ]


def worst_table(facts: Facts) -> list[str]:
    if not facts.worst:
        return []
    answered = facts.task != "segmentation"
    head = ["worst images", "score", *["truth", "answer"] * answered]
    rows = ([case.image, number(case.score), *[case.truth, case.answer] * answered] for case in facts.worst)
    return table(head, rows)


# ── classes and subgroups ──────────────────────────────────────────────────────────────────────────────


def classes(facts: Facts) -> list[str]:
    own = facts.scores[0].per_class
    head = [{"classification": "class", "multilabel": "finding", "segmentation": "structure"}[facts.task]]
    rows = ([name, *(number(row.per_class.get(name)) for row in facts.scores)] for name in own)
    what = {"accuracy": "Recall", "macro AUROC": "AUROC", "mean Dice": "Mean Dice"}[facts.metric]
    lines = [f"{what} of each:", "", *table([*head, *(row.model for row in facts.scores)], rows), ""]
    pictures = (
        line for name in ("confusion.png", "per_class.png", "dice.png") for line in picture(facts, name)
    )
    return section("Classes", [*lines, *pictures, *confusion_table(facts)])


def confusion_table(facts: Facts) -> list[str]:
    """Rows are truth, columns prediction."""
    if not facts.confusion or len(facts.classes) > MOST_CLASSES:
        return []
    counts = zip(facts.classes, facts.confusion, strict=True)
    return table(["truth ↓ predicted →", *facts.classes], ([name, *map(str, row)] for name, row in counts))


def subgroups(facts: Facts) -> list[str]:
    if not facts.subgroups:
        return section("Subgroups", ["The dataset tells of none."])
    head = [
        "attribute",
        "value",
        "items",
        "patients",
        facts.metric,
        "95 % interval",
        "champion",
        "difference",
    ]
    rows = table(head, (subgroup_cells(group) for group in facts.subgroups))
    return section("Subgroups", [*picture(facts, "subgroups.png"), *rows])


def subgroup_cells(group: SubgroupScore) -> list[str]:
    return [
        group.attribute,
        group.value,
        str(group.items),
        str(group.patients),
        number(group.challenger),
        ends(group.interval, sign=""),
        number(group.champion),
        "–" if group.difference is None else ends(group.difference),
    ]


def trust(facts: Facts) -> list[str]:
    """How far its confidences can be taken at their word; a segmentation has none."""
    error = facts.scores[0].calibration_error
    if error is None:
        return []
    said = f"Expected calibration error {error:.4f}: so far, on average, confidence and accuracy lie apart."
    return section("Confidence", [said, "", *picture(facts, "calibration.png")])


# ── how it was made ────────────────────────────────────────────────────────────────────────────────────


def made_from(facts: Facts) -> list[str]:
    lines = [
        f"- dataset version `{facts.dataset}`: {splits(facts.items)}",
        f"- test set `{facts.test_digest}`",
        f"- recipe `{facts.recipe.name}`, epoch {facts.best_epoch} of {facts.epochs} ({plain(facts.ending)})",
        f"- {facts.seconds:.0f} s on {plain(facts.device)}, {means(facts)}",
    ]
    prepared = section("How an image is prepared", bullets(facts.preprocessing))
    finished = section("After the network", bullets(facts.finishing)) if facts.finishing else []
    return [*section("Made from", [*lines, "", *picture(facts, "curves.png")]), *prepared, *finished]


def splits(items: Mapping[Split, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in items.items())


def means(facts: Facts) -> str:
    processes = "one process" if facts.processes == 1 else f"{facts.processes} processes"
    return processes + (f", at most {facts.peak_memory / 2**30:.1f} GiB each" if facts.peak_memory else "")


# ── Markdown ───────────────────────────────────────────────────────────────────────────────────────────


def picture(facts: Facts, name: str) -> Iterator[str]:
    if name in facts.pictures:
        yield from (f"![{CAPTIONS[name]}]({name})", "")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = (f"| {' | '.join(map(plain, row))} |" for row in (head, *rows))
    first, *others = lines
    return [first, "|---" * len(head) + "|", *others]


def bullets(sentences: Iterable[str]) -> list[str]:
    return [f"- {plain(sentence)}" for sentence in sentences]


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def ends(interval: Interval, sign: str = "+") -> str:
    return f"{interval.low:{sign}.4f} to {interval.high:{sign}.4f}"


def plain(text: str) -> str:
    """Text on one line that Markdown takes for text: names may hold anything."""
    one_line = " ".join(text.split())
    return "".join(f"\\{character}" if character in "\\|`*_[]<>#$~" else character for character in one_line)
