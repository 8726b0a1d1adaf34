"""Labels that arrive apart from their images: read from a CSV, or given by a mask."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

from events.dataset import Split
from medloop.rules.keys import same_label
from medloop.rules.reasons import Reason, Refused

LARGEST_LABELS: Final = 32 * 2**20
"""Bytes of one CSV."""

MOST_LINES: Final = 200_000
"""Of one CSV; the catalogue takes a thousand rows in 50 ms."""

LONGEST_FILE: Final = 1024
"""Characters: what S3 allows a key."""

COLUMNS: Final[tuple[str, ...]] = ("file", "label", "split")
FIRST_LINE: Final = re.compile(r"[^\r\n]*")
SPLITS: Final[dict[str, Split]] = {
    **{name: name for name in get_args(Split)},
    "val": "validation",
    "valid": "validation",
    "training": "train",
    "testing": "test",
}
"""What tables call the sides, and what they are."""

Kind = Literal["class", "mask"]


@dataclass(frozen=True)
class LabelLine:
    """One line of a CSV. `file` is user text and may name a patient."""

    line: int
    """From 1, as editors count; the header is a line too."""
    file: str = field(repr=False)
    label: str
    """As project.yaml spells it."""
    split: Split | None = None


@dataclass(frozen=True)
class Label:
    """One version of the label of an image, or of images to come; it never changes."""

    id: str
    project: str
    kind: Kind
    target: str = field(repr=False)
    """Which file below images/ is meant: user text that may name a patient."""
    source: str
    """The upload that says so."""
    written_at: datetime
    """When that upload was written to the bucket: of two labels the later one counts."""
    recorded_at: datetime
    sequencer: str = ""
    """S3's order of events of one key; tells two versions of the same second apart."""
    line: int = 0
    """Of the CSV; 0 for a mask."""
    value: str | None = None
    """The class."""
    split: Split | None = None
    array_path: str | None = None
    """The mask in the curated bucket."""
    array_sha256: str | None = None
    facts: str | None = None
    """JSON text: the mask's geometry, see `geometry_text`."""

    @property
    def age(self) -> tuple[datetime, str, str]:
        """Orders the sources: the greatest is the newest."""
        return (self.written_at, self.sequencer, self.source)


def parse_labels(content: bytes, classes: Sequence[str], several: bool = False) -> list[LabelLine]:
    """The lines of a label CSV: UTF-8; comma, semicolon or tab; columns file, label and maybe split.

    Columns may stand in any order, others are passed over, and a line said twice counts once. Where an image
    may have `several` classes, or none, they are parted by `|`.

    Raises:
        Refused: INVALID_LABELS; the facts name the line and what is wrong there, never its text.
    """
    if len(content) > LARGEST_LABELS:
        raise _invalid("too_large", limit_bytes=LARGEST_LABELS)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _invalid("encoding", line=content.count(b"\n", 0, error.start) + 1) from None
    found: dict[str, LabelLine] = {}
    for line in _lines(text, classes, several):
        earlier = found.setdefault(line.file, line)
        if (earlier.label, earlier.split) != (line.label, line.split):
            raise _invalid("contradiction", line=line.line, earlier_line=earlier.line)
    if not found:
        raise _invalid("no_lines")
    return list(found.values())


def _lines(text: str, classes: Sequence[str], several: bool) -> Iterator[LabelLine]:
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        places = _places(next(reader, []))
        for cells in reader:
            if reader.line_num > MOST_LINES:
                raise _invalid("too_many_lines", limit_lines=MOST_LINES)
            if any(cell.strip() for cell in cells):
                yield _line(reader.line_num, cells, places, classes, several)
    except csv.Error:
        raise _invalid("quotes_or_length", line=reader.line_num) from None


def _delimiter(text: str) -> str:
    """The one that cuts the header into the columns; a comma where none does."""
    header = FIRST_LINE.match(text)
    assert header is not None
    fitting = (d for d in ",;\t" if {"file", "label"} <= {_name(cell) for cell in header[0].split(d)})
    return next(fitting, ",")


def _name(cell: str) -> str:
    return cell.strip().strip('"').strip().lower()


def _places(header: Sequence[str]) -> dict[str, int]:
    names = [_name(cell) for cell in header]
    places = {name: names.index(name) for name in COLUMNS if name in names}
    for name in COLUMNS:
        if names.count(name) > 1 or (name != "split" and name not in places):
            raise _invalid("header", line=1, column=name)
    return places


def _line(
    number: int, cells: Sequence[str], places: dict[str, int], classes: Sequence[str], several: bool
) -> LabelLine:
    values = {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()}
    file, split = _tidy(values["file"]), values.get("split", "").lower()
    if not 0 < len(file) <= LONGEST_FILE or "\0" in file:
        raise _invalid("column", line=number, column="file")
    label = _spelt(values["label"], classes, several)
    if label is None:
        raise _invalid("column", line=number, column="label")
    if split and split not in SPLITS:
        raise _invalid("column", line=number, column="split")
    return LabelLine(number, file, label, SPLITS[split] if split else None)


def _spelt(said: str, classes: Sequence[str], several: bool) -> str | None:
    """The label as project.yaml spells it, in its order; None where it names anything else."""
    parts = [part.strip() for part in said.split("|")] if several else [said]
    wanted = [part for part in parts if part or not several]
    found = [name for name in classes if any(same_label(name, part) for part in wanted)]
    known = all(any(same_label(name, part) for name in classes) for part in wanted)
    return "|".join(found) if known else None


def _tidy(file: str) -> str:
    """Paths as tools on Windows and `find` write them."""
    path = file.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return path


def _invalid(problem: str, **facts: int | str) -> Refused:
    return Refused(Reason.INVALID_LABELS, {"problem": problem, **facts})


def class_labels(
    lines: Iterable[LabelLine], project: str, source: str, written: tuple[datetime, str], at: datetime
) -> list[Label]:
    """What a CSV says, as labels; `written` is when S3 stored it, and the event's sequencer or ""."""
    return [
        Label(
            id=_id(source, line.line),
            project=project,
            kind="class",
            target=line.file,
            source=source,
            written_at=written[0],
            recorded_at=at,
            sequencer=written[1],
            line=line.line,
            value=line.label,
            split=line.split,
        )
        for line in lines
    ]


def mask_label(
    target: str,
    project: str,
    source: str,
    written: tuple[datetime, str],
    at: datetime,
    array: tuple[str, str],
    geometry: str,
) -> Label:
    """A mask as a label; `array` is its path in the curated bucket and its SHA-256.

    `target` is the mask's path below labels/, which is its image's below images/ but for the extension.
    """
    return Label(
        id=_id(source, 0),
        project=project,
        kind="mask",
        target=_tidy(target),
        source=source,
        written_at=written[0],
        recorded_at=at,
        sequencer=written[1],
        array_path=array[0],
        array_sha256=array[1],
        facts=geometry,
    )


def geometry_text(shape: Sequence[int], affine: Any = None) -> str:
    """JSON of what must agree between an image and its mask.

    `shape` is rows and columns of a picture, or voxels along i, j, k; `affine` is a volume's 4x4 matrix
    (voxels to millimetres, RAS+), row by row.
    """
    rows = None if affine is None else [[float(value) for value in row] for row in affine]
    return json.dumps({"shape": [int(side) for side in shape], "affine": rows})


def _id(source: str, line: int) -> str:
    return hashlib.sha256(f"{source}\0{line}".encode()).hexdigest()[:32]
