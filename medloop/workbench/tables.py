"""Tables beside a folder of images: which class, or which classes, each file shows."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from events.dataset import Task
from medloop.rules import candidates
from medloop.rules.intake import image_id
from medloop.rules.labels import FIRST_LINE, SPLITS, Label, class_labels, parse_labels
from medloop.rules.matching import Matches, match, newest_class
from medloop.rules.matching import Place as Where
from medloop.rules.reasons import Refused
from medloop.workbench.classes import class_name
from medloop.workbench.collection import Collection
from medloop.workbench.example import Example, LeftOut, Stored
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Tabled
from medloop.workbench.listing import files_in
from medloop.workbench.taking import Workplace, take

BETWEEN: Final = "|"
"""Between the classes of one image."""

_DELIMITERS: Final = ",;\t"

_ALWAYS: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""All tables of a folder are of one age: where two contradict each other, nobody knows which is meant."""

_FAULTS: Final = {
    "no_lines": "it names no file",
    "too_large": "it is larger than {limit_bytes} bytes",
    "too_many_lines": "it has more than {limit_lines} lines",
    "quotes_or_length": "line {line} has an open quotation mark, or a cell that is too long",
    "column": "line {line} cannot be used, for its column {column}",
    "contradiction": "line {line} says something else than line {earlier_line} of the same file",
    "header": "its first line has the column {column} twice, or not at all",
}
"""What `parse_labels` finds wrong, in words."""

_COLUMNS: Final = {
    "file": "file is a path below the folder of images",
    "label": f"label is a class; classes of one image are parted by {BETWEEN}",
    "split": f"split is {', '.join(SPLITS)}, or empty",
}


@dataclass(frozen=True)
class Table:
    name: str
    content: bytes
    source: str
    """An ImageId."""


@dataclass(frozen=True)
class Cell:
    """Of the column `label`."""

    table: str
    line: int
    text: str


def read_tables(form: Tabled, asked: Task | None, where: Workplace) -> Collection:
    """Raises Unusable: a table cannot be read, or says nothing that can be learnt."""
    tables = [_table(path, form) for path in form.tables]
    stated = [cell for table in tables for cell in stated_in(table)]
    said = {cell.text for cell in stated}
    several = asked == "multilabel" or any(BETWEEN in text for text in said)
    if not several:
        _check_filled(stated)
    classes = tuple(sorted({class_name(part) for text in said for part in _parts(text, several)}))
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


def _table(path: Path, form: Tabled) -> Table:
    name = path.relative_to(form.root).as_posix()
    return Table(name, path.read_bytes(), image_id("", name, ""))


def stated_in(table: Table) -> Iterator[Cell]:
    """What stands in the column `label`.

    Raises:
        Unusable: there are no such columns, or the file is no CSV.
    """
    try:
        text = table.content.decode("utf-8-sig")
        header = FIRST_LINE.match(text)
        for delimiter in _DELIMITERS:
            names = [cell.strip(' "').lower() for cell in header[0].split(delimiter)] if header else []
            if {"file", "label"} <= set(names):
                rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
                yield from _cells(table, rows, names.index("label"))
                return
    except UnicodeDecodeError:
        raise Unusable(f"{table.name} is not UTF-8", "save it as CSV in UTF-8") from None
    except csv.Error:
        problem = f"{table.name} cannot be read: a cell is too long"
        raise Unusable(problem, "look for a quotation mark that is never closed") from None
    raise Unusable(f"{table.name} lacks a column", "its first line has to be: file,label or file,label,split")


def _cells(table: Table, rows: Iterator[list[str]], place: int) -> Iterator[Cell]:
    next(rows, None)
    for number, row in enumerate(rows, start=2):
        if any(cell.strip() for cell in row):
            yield Cell(table.name, number, row[place].strip() if len(row) > place else "")


def _check_filled(stated: Iterable[Cell]) -> None:
    """Raises Unusable: one is empty, and nothing says that an image may show none of the classes."""
    for cell in stated:
        if not cell.text:
            problem = f"line {cell.line} of {cell.table} names no class"
            raise Unusable(problem, "fill it in; or, if an image may show none, add --task multilabel")


def _parts(cell: str, several: bool) -> list[str]:
    return [part.strip() for part in cell.split(BETWEEN) if part.strip()] if several else [cell]


def _labels(table: Table, classes: Sequence[str], several: bool, project: str) -> list[Label]:
    try:
        lines = parse_labels(table.content, classes, several)
    except Refused as refusal:
        fault = _FAULTS[str(refusal.facts["problem"])].format_map(refusal.facts)
        remedy = _COLUMNS.get(str(refusal.facts.get("column")), "mend the table")
        raise Unusable(f"{table.name} cannot be used: {fault}", remedy) from None
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
