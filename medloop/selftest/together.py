"""A sample of several files of one project, held against each other."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from medloop.imaging.arrays import encode_array
from medloop.intake import Prepared
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused
from medloop.selftest.case import Judgement
from medloop.selftest.file import File, take_in
from medloop.selftest.policies import DEFAULT

Across = Callable[[Sequence[Prepared]], Iterator[str]]
"""A sentence per surprise, told from what was made of all files."""


@dataclass(frozen=True)
class Together:
    """Each file is judged by itself, then all of them by `across`, in the order of arrival."""

    files: tuple[File, ...]
    across: Across
    expected: str = "accepted"

    @property
    def project(self) -> Project:
        return self.files[0].project

    @property
    def uploads(self) -> Mapping[str, bytes]:
        return {key: content for file in self.files for key, content in file.uploads.items()}

    @property
    def verdicts(self) -> Mapping[str, str]:
        return {key: verdict for file in self.files for key, verdict in file.verdicts.items()}

    @property
    def last(self) -> Set[str]:
        return {key for file in self.files for key in file.last}

    def judge(self) -> Judgement:
        alone = [file.judge() for file in self.files]
        surprises = [surprise for judgement in alone for surprise in judgement.surprises]
        try:
            surprises += self.across([prepared for file in self.files for prepared in _prepared(file)])
        except Refused as refusal:
            return Judgement(refusal.reason.value, tuple(surprises))
        return Judgement("accepted", tuple(surprises))


def refused_later(name: str, content: bytes, reason: Reason, project: Project = DEFAULT) -> File:
    """Right by itself, and refused beside what arrived before it."""
    return File(name, content, "accepted", project, later=reason.value)


def as_catalogued(prepared: Sequence[Prepared]) -> Iterator[str]:
    """Hold each image against those before it, by the names under which the catalogue knows them.

    Raises:
        Refused: UID_COLLISION or MIXED_PATIENTS, as the catalogue's part of the intake does.
    """
    arrays: dict[str, bytes] = {}
    patients: dict[str, str] = {}
    for each in prepared:
        array = encode_array(each.image.values)
        if arrays.setdefault(each.names.sop, array) != array:
            raise Refused(Reason.UID_COLLISION)
        if patients.setdefault(each.names.series, each.names.patient) != each.names.patient:
            raise Refused(Reason.MIXED_PATIENTS)
    yield from ()


def _prepared(file: File) -> Iterator[Prepared]:
    for key, content in file.uploads.items():
        prepared = take_in(f"{file.project.project}/{key}", content, file.project, file.released)
        if prepared is not None:
            yield prepared
