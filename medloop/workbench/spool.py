"""Encoded arrays that wait for their shard: appended to one file by each process that makes them."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self


@dataclass(frozen=True)
class Place:
    """Where bytes lie in a spool."""

    file: str
    """Its name in the spool's folder."""
    offset: int
    size: int


class Spool:
    """One process's file."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._file = (folder / name).open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def keep(self, content: bytes) -> Place:
        place = Place(self._name, self._file.tell(), len(content))
        self._file.write(content)
        # Whoever is told the place may read it at once.
        self._file.flush()
        return place


class Spooled:
    """Reads what the spools of a folder hold."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, BinaryIO] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._open.values():
            file.close()

    def read(self, place: Place) -> bytes:
        if place.file not in self._open:
            self._open[place.file] = (self._folder / place.file).open("rb")
        file = self._open[place.file]
        file.seek(place.offset)
        return file.read(place.size)
