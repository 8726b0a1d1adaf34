"""What a case of the corpus is, and the list of all there are."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Protocol

from medloop.rules.project import Project


@dataclass(frozen=True)
class Judgement:
    """What became of a sample."""

    got: str
    """In the words of `Sample.expected`."""
    surprises: tuple[str, ...] = ()
    """Sentences on everything that is not as it should be; none when all is well."""


class Sample(Protocol):
    """Files that arrive together, and what is expected of them."""

    @property
    def project(self) -> Project:
        """Whose policy counts."""

    @property
    def expected(self) -> str:
        """In a word or two: `accepted`, a reason code, `2 volumes`."""

    @property
    def uploads(self) -> Mapping[str, bytes]:
        """Content by key below the project's folder, in the order of arrival."""

    @property
    def verdicts(self) -> Mapping[str, str]:
        """What each upload ends as: `accepted`, `ignored` or a reason code; only those that are certain."""

    @property
    def last(self) -> Set[str]:
        """Keys of uploads that must arrive after the others."""

    def judge(self) -> Judgement:
        """Run the intake's own code on the uploads."""


@dataclass(frozen=True)
class Case:
    id: str
    """E01 to E45 of the edge cases, B01 to B60 of the bad inputs, D06 and D08 of the de-identification."""
    title: str
    why: str
    """What goes wrong elsewhere, and what medloop does about it."""
    make: Callable[[], Iterable[Sample]]
    topic: str
    megabytes: int
    """How far the memory of the process may grow."""
    cpu_seconds: float


Maker = Callable[[], Iterator[Sample]]

_CASES: dict[str, Case] = {}


def case(
    id: str, title: str, why: str, megabytes: int = 200, cpu_seconds: float = 2.0
) -> Callable[[Maker], Maker]:
    """Enter a function that yields samples into the corpus."""

    def enter(make: Maker) -> Maker:
        if id in _CASES:
            raise ValueError(f"{id} is there twice")
        topic = make.__module__.rsplit(".", 1)[-1]
        _CASES[id] = Case(id, title, why, make, topic, megabytes, cpu_seconds)
        return make

    return enter


def registered() -> dict[str, Case]:
    """By id, in the order of the ids; medloop.selftest.corpus fills it."""
    return {id: _CASES[id] for id in sorted(_CASES)}
