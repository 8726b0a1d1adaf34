"""Tables beside a folder of images: which class, or which classes, each file shows."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from events.dataset import Task
from medloop.rules import candidates
from medloop.rules.intake import image_id
from medloop.rules.labels import Label, class_labels, parse_labels
from medloop.rules.matching import Matches, match, newest_class
from medloop.rules.matching import Place as Where
from medloop.rules.reasons import Refused
from medloop.workbench.collection import Collection
from medloop.workbench.example import Example, LeftOut, Stored
from medloop.workbench.failures import Unusable
from medloop.workbench.folders import class_name
from medloop.workbench.forms import Tabled
from medloop.workbench.listing import files_in
from medloop.workbench.taking import Workplace, take

BETWEEN: Final = "|"
"""Between the classes of one image."""

_ALWAYS: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""All tables of a folder are of one age: where two contradict each other, nobody knows which is meant."""


@dataclass(frozen=True)
class Table:
    name: str
    content: bytes
    source: str
    """An ImageId."""


def read_tables(form: Tabled, asked: Task | None, where: Workplace) -> Collection:
    """Raises Unusable: a table cannot be read, or says nothing that can be learnt."""
    tables = [_table(path, form) for path in form.tables]
    said = {cell for table in tables for cell in stated(table)}
    several = asked == "multilabel" or "" in said or any(BETWEEN in cell for cell in said)
    classes = tuple(sorted({class_name(part) for cell in said for part in _parts(cell, several)}))
    labels = [label for table in tables for label in _labels(table, classes, several, where.project)]
    taken = take(files_in(form.images), where)
    images = {image.id: (path, image) for path, image in taken.stored.items()}
    places = [
        Where(name, "images", path.relative_to(form.images).as_posix()) for name, (path, _) in images.items()
    ]
    found = match(places, labels)
    examples, left = _labelled([image for _, image in images.values()], found, several)
    notes = (f"{found.unmatched} lines of the tables name no image that is there",) if found.unmatched else ()
    task: Task = "multilabel" if several else "classification"
    seen = {name for one in examples for name in one.labels}
    # A table may name images of classes that are not here.
    classes = tuple(name for name in classes if name in seen)
    return Collection(task, classes, examples, taken.left + left, notes=notes)


def stated(table: Table) -> set[str]:
    """What stands in the column `label`.

    Raises:
        Unusable: there are no such columns, or the file is no text.
    """
    try:
        text = table.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable(f"{table.name} is not UTF-8", "save it as CSV in UTF-8") from None
    head = [text.split("\n", 1)[0].lower().replace('"', "").split(sign) for sign in ",;\t"]
    for sign, names in zip(",;\t", head, strict=True):
        columns = [name.strip() for name in names]
        if {"file", "label"} <= set(columns):
            place = columns.index("label")
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
            return {row[place].strip() for row in list(rows)[1:] if len(row) > place}
    raise Unusable(f"{table.name} lacks a column", "its first line has to be: file,label or file,label,split")


def _table(path: Path, form: Tabled) -> Table:
    name = path.relative_to(form.root).as_posix()
    return Table(name, path.read_bytes(), image_id("", name, ""))


def _parts(cell: str, several: bool) -> list[str]:
    return [part.strip() for part in cell.split(BETWEEN) if part.strip()] if several else [cell]


def _labels(table: Table, classes: Sequence[str], several: bool, project: str) -> list[Label]:
    try:
        lines = parse_labels(table.content, classes, several)
    except Refused as refusal:
        facts = ", ".join(f"{name} {value}" for name, value in refusal.facts.items())
        raise Unusable(
            f"{table.name} cannot be read: {facts}", "docs/projects.md describes the table"
        ) from None
    return class_labels(lines, project, table.source, (_ALWAYS, ""), _ALWAYS)


def _labelled(images: Iterable[Stored], found: Matches, several: bool) -> tuple[list[Example], list[LeftOut]]:
    examples, left = [], []
    for image in images:
        verdict = newest_class(found.classes.get(image.id, ()), None)
        if verdict is None:
            left.append(LeftOut(image.path, candidates.Left.UNLABELLED.value))
        elif verdict.ambiguous or _contradicted(found, image):
            left.append(LeftOut(image.path, candidates.Left.AMBIGUOUS_LABEL.value))
        else:
            labels = tuple(_parts(verdict.label, several))
            examples.append(Example(image, labels, verdict.split, None, verdict.line, verdict.source))
    return examples, left


def _contradicted(found: Matches, image: Stored) -> bool:
    """By another table, or by a line that names the image less exactly."""
    return len({(one.label.value, one.label.split) for one in found.classes[image.id]}) > 1
