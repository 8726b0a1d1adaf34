"""A sample of one file: taken in by the intake's own code, then looked at from every side."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from medloop.imaging.picture import Facts
from medloop.inspection.verdicts import of_prepared, of_refusal
from medloop.intake import Prepared, prepare
from medloop.rules.intake import check_size, is_ignored
from medloop.rules.keys import parse_key
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused
from medloop.selftest.case import Judgement
from medloop.selftest.checks import Check, always, no_identifiers
from medloop.selftest.policies import DEFAULT

KEY = b"a key of the corpus, for made-up patients alone"


@dataclass(frozen=True)
class File:
    """`name` lies under images/ unless `key` names another place below the project's folder."""

    name: str
    content: bytes
    expected: str
    project: Project = DEFAULT
    checks: tuple[Check, ...] = ()
    """On what was accepted."""
    facts: Facts = field(default_factory=dict)
    """These must be among the measured ones, accepted or refused."""
    released: frozenset[Reason] = frozenset()
    key: str = ""
    later: str = ""
    """What it ends as beside what came before it, where that is not `expected`."""

    @property
    def uploads(self) -> Mapping[str, bytes]:
        return {self.key or f"images/{self.name}": self.content}

    @property
    def verdicts(self) -> Mapping[str, str]:
        return {} if self.released else dict.fromkeys(self.uploads, self.later or self.expected)

    @property
    def last(self) -> Set[str]:
        return set(self.uploads) if self.later else set()

    def judge(self) -> Judgement:
        (key,) = self.uploads
        try:
            prepared = self._take_in(self.content)
        except Refused as refusal:
            finding = of_refusal(key, refusal)
            got = "ignored" if finding.verdict == "ignored" else refusal.reason.value
            return self._judged(got, finding.facts, ())
        if prepared is None:
            return self._judged("ignored", {}, ())
        checks = (*always(self.project, self._take_in), *self.checks)
        surprises = tuple(found for check in checks for found in check(prepared))
        return self._judged("accepted", of_prepared(key, prepared).facts, surprises)

    def _take_in(self, content: bytes) -> Prepared | None:
        (key,) = self.uploads
        return take_in(f"{self.project.project}/{key}", content, self.project, self.released)

    def _judged(self, got: str, facts: Facts, surprises: tuple[str, ...]) -> Judgement:
        verdict = () if got == self.expected else (f"expected {self.expected}, got {got} {facts}",)
        wrong = tuple(
            f"{name} is {facts.get(name)!r}, not {value!r}"
            for name, value in self.facts.items()
            if facts.get(name) != value
        )
        return Judgement(got, (*verdict, *(wrong if not verdict else ()), *no_identifiers(facts), *surprises))


def take_in(key: str, content: bytes, project: Project, released: frozenset[Reason]) -> Prepared | None:
    """The way of one upload through the intake, without cloud and catalogue; None where it is ignored.

    Raises:
        Refused: what the intake refuses.
    """
    place = parse_key(key)
    if is_ignored(place, len(content)):
        return None
    check_size(place, len(content))
    return prepare(content, key, project, KEY, released)


def accepted(
    name: str,
    content: bytes,
    *checks: Check,
    project: Project = DEFAULT,
    released: frozenset[Reason] = frozenset(),
    key: str = "",
    **facts: int | float | str,
) -> File:
    return File(name, content, "accepted", project, checks, facts, released, key)


def refused(
    name: str,
    content: bytes,
    reason: Reason,
    project: Project = DEFAULT,
    key: str = "",
    **facts: int | float | str,
) -> File:
    return File(name, content, reason.value, project, facts=facts, key=key)


def ignored(name: str, content: bytes, key: str = "", **facts: int | float | str) -> File:
    return File(name, content, "ignored", facts=facts, key=key)
