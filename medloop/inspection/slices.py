"""The slices that lie in folders and archives, by series; each file is read once."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np
from numpy.typing import NDArray

from medloop.archives.expansion import expand
from medloop.imaging.dicom.file import open_dicom
from medloop.imaging.dicom.image import read_dicom_file
from medloop.imaging.picture import Facts, Picture
from medloop.imaging.sniff import Format, sniff
from medloop.imaging.volumes import Slice, Stack, assemble
from medloop.inspection.file import is_archive
from medloop.rules import project as rules
from medloop.rules.archives import Member
from medloop.rules.intake import MAX_IMAGE_BYTES
from medloop.rules.junk import is_junk
from medloop.rules.reasons import Reason, Refused

UNREADABLE = "unreadable"
"""What the file system would not give, in the place of a reason."""


class NoRoom(Exception):
    """Pixels could not be put aside; no fault of the file they came from."""


class Spool:
    """Pixels that wait for their series in a file of their own: memory holds one picture at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def keep(self, values: NDArray[np.float32]) -> Callable[[], NDArray[np.float32]]:
        """How to get the array back.

        Raises:
            NoRoom: the file system took no more.
        """
        start, shape, count = self._file.seek(0, 2), values.shape, values.size
        try:
            self._file.write(np.ascontiguousarray(values).data)
            self._file.flush()
        except OSError as error:
            raise NoRoom(error.strerror) from error

        def load() -> NDArray[np.float32]:
            self._file.seek(start)
            return np.frombuffer(self._file.read(4 * count), np.float32).reshape(shape)

        return load


@dataclass
class Series:
    folder: str
    """Where its first file lay."""
    modality: str
    slices: list[Slice] = field(default_factory=list)
    patients: set[str] = field(default_factory=set, repr=False)
    """As headers name them, who are named: only how many they are may be told."""


def stacks_of(series: Series, policy: rules.Series) -> list[Stack]:
    """Its volumes and refusals; a series is of one patient or of nobody."""
    if len(series.patients) <= 1:
        return assemble(series.slices, policy)
    facts: Facts = {"patients": len(series.patients), "frames": len(series.slices)}
    refusal = Refused(Reason.MIXED_PATIENTS, facts)
    return [Stack(None, refusal, {**facts, "reason": refusal.reason.value})]


@dataclass
class Found:
    series: dict[tuple[str, ...], Series] = field(default_factory=dict)
    """By study and series, in the order of discovery."""
    refused: Counter[str] = field(default_factory=Counter)
    """How many files, by reason."""
    others: Counter[str] = field(default_factory=Counter)
    """Files that are no DICOM, by format; `junk` for what operating systems leave."""


class Gathering:
    """Collects the slices of one file after another."""

    def __init__(self, spool: Spool, policy: rules.Intake) -> None:
        self.found = Found()
        self._spool, self._policy = spool, policy

    def take(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.take_file(path)

    def take_file(self, path: str) -> None:
        """A file, or all that an archive holds. Never raises for what it holds.

        Raises:
            NoRoom: its pixels found no place.
        """
        try:
            with Path(path).open("rb") as file:
                if is_archive(path, file):
                    self._take_archive(path, file)
                else:
                    self._take(path, file, file.seek(0, 2))
        except OSError:
            self.found.refused[UNREADABLE] += 1

    def _take_archive(self, path: str, file: BinaryIO) -> None:
        def put(member: Member, stream: BinaryIO) -> None:
            self._take(f"{path}/{member.path}", stream, member.size)

        try:
            expand(file, put)
        except Refused as refusal:
            self.found.refused[refusal.reason.value] += 1

    def _take(self, path: str, file: BinaryIO, size: int) -> None:
        if is_junk(path):
            self.found.others["junk"] += 1
            return
        try:
            if size > MAX_IMAGE_BYTES:
                raise Refused(Reason.TOO_LARGE)
            if file.seekable():
                file.seek(0)
            self._read(path, file.read())
        except Refused as refusal:
            self.found.refused[refusal.reason.value] += 1

    def _read(self, path: str, data: bytes) -> None:
        """Raises Refused: as reading a DICOM image does."""
        format_ = sniff(data)
        if format_ is not Format.DICOM:
            self.found.others[format_.value] += 1
            return
        picture = read_dicom_file(open_dicom(data), self._policy.burned_in, self._policy.polyglots)
        folder = str(Path(path).parent)
        identity = picture.identity
        # Without a UID of its own a file belongs to what it lies with.
        key = (identity.study_uid, identity.series_uid or folder)
        series = self.found.series.setdefault(key, Series(folder, str(picture.facts["modality"])))
        series.slices += self._slices(picture)
        series.patients |= {identity.patient_id} - {""}

    def _slices(self, picture: Picture) -> list[Slice]:
        several = len(picture.frames) > 1
        return [
            Slice(frame, self._spool.keep(picture.values[number] if several else picture.values))
            for number, frame in enumerate(picture.frames)
        ]
