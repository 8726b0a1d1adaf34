"""What DICOM says of each attribute: its VR (PS3.6), and what becomes of it (PS3.15 Annex E), as data.

The files beside this one say which edition they hold and where it comes from.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

EDITION: Final = "2026d"
"""Of PS3.15."""

_TABLES: Final = Path(__file__).with_name("tables")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of Table E.1-1."""

    tag: str
    """Eight hexadecimal digits, `x` for any digit; `private` for every odd group."""
    vr: str
    name: str
    basic: str
    """The Basic Profile's action code (Table E.1-1a): D, Z, X, U, or a compound such as X/Z/D."""
    options: dict[str, str]
    """K or C for each option that changes it."""


@cache
def profile() -> tuple[Row, ...]:
    """Table E.1-1, every row in its order."""
    return tuple(_row(**line) for line in _lines("confidentiality.csv"))


def _row(tag: str, vr: str, name: str, basic: str, **options: str) -> Row:
    return Row(tag, vr, name, basic, {option: code for option, code in options.items() if code})


@cache
def dictionary() -> dict[int, bytes]:
    """The VR of every attribute of PS3.6 from group 0008 on; alternatives in one, as b"OB/OW"."""
    return {
        int(tag, 16): line["vr"].encode() for line in _lines("dictionary.csv") for tag in line["tags"].split()
    }


@cache
def safe_private() -> dict[tuple[bytes, int, int], bytes]:
    """Table E.3.10-1: the VR, or b"", by private creator, group and element within the creator's block."""
    return {
        (line["creator"].encode(), int(line["group"], 16), int(line["element"], 16)): line["vr"].encode()
        for line in _lines("safe_private.csv")
    }


@cache
def safe_creators() -> frozenset[tuple[bytes, int]]:
    """Who has safe attributes in which group."""
    return frozenset((creator, group) for creator, group, _ in safe_private())


def _lines(name: str) -> Iterator[dict[str, str]]:
    with (_TABLES / name).open(encoding="ascii", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))
