"""DICOM files in parcels that an archive takes at once."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

PART_10: Final = b"DICM"
PREAMBLE: Final = 128

MOST_FILES, MOST_BYTES = 50, 64 * 2**20
"""Of one parcel; a larger file travels alone."""


def is_dicom(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(PREAMBLE + len(PART_10))[PREAMBLE:] == PART_10


def parcels(files: Iterable[Path]) -> Iterator[list[Path]]:
    """Every file once, in order."""
    parcel: list[Path] = []
    weight = 0
    for file in files:
        size = file.stat().st_size
        if parcel and (len(parcel) == MOST_FILES or weight + size > MOST_BYTES):
            yield parcel
            parcel, weight = [], 0
        parcel.append(file)
        weight += size
    if parcel:
        yield parcel
