"""A sample of one zip archive: unpacked by the intake's own code, its files taken in one by one."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from medloop.archives.expansion import expand
from medloop.inspection.verdicts import of_refusal
from medloop.rules.archives import Member
from medloop.rules.keys import Purpose, parse_key
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused
from medloop.selftest.case import Judgement
from medloop.selftest.checks import no_identifiers
from medloop.selftest.file import take_in
from medloop.selftest.policies import DEFAULT


@dataclass(frozen=True)
class Archive:
    """`name` ends in .zip and lies under images/."""

    name: str
    content: bytes
    expected: str
    inside: Mapping[str, str] = field(default_factory=dict)
    """The verdict on every file that is unpacked."""
    left_alone: int = 0
    """How many members are ignored."""
    project: Project = DEFAULT

    @property
    def uploads(self) -> Mapping[str, bytes]:
        return {f"images/{self.name}": self.content}

    @property
    def verdicts(self) -> Mapping[str, str]:
        return dict.fromkeys(self.uploads, self.expected)

    @property
    def last(self) -> Set[str]:
        return set()

    def judge(self) -> Judgement:
        key = f"{self.project.project}/images/{self.name}"
        assert parse_key(key).purpose is Purpose.ARCHIVE
        found: dict[str, str] = {}

        def put(member: Member, stream: BinaryIO) -> None:
            found[member.path] = self._verdict(key[: key.rindex("/") + 1] + member.path, stream.read())

        try:
            expansion = expand(BytesIO(self.content), put)
        except Refused as refusal:
            return self._judged(refusal.reason.value, found, refusal)
        surprises = self._judged("accepted", found).surprises
        if expansion.ignored != self.left_alone:
            surprises = (*surprises, f"{expansion.ignored} were ignored, not {self.left_alone}")
        return Judgement("accepted", surprises)

    def _verdict(self, key: str, content: bytes) -> str:
        try:
            take_in(key, content, self.project, frozenset())
        except Refused as refusal:
            finding = of_refusal(key, refusal)
            return "ignored" if finding.verdict == "ignored" else refusal.reason.value
        return "accepted"

    def _judged(self, got: str, found: dict[str, str], refusal: Refused | None = None) -> Judgement:
        surprises = list(no_identifiers(refusal.facts)) if refusal is not None else []
        if got != self.expected:
            surprises.append(f"expected {self.expected}, got {got} {refusal.facts if refusal else ''}")
        if found != dict(self.inside):
            surprises.append(f"unpacked were {found}, not {dict(self.inside)}")
        return Judgement(got, tuple(surprises))


def refused_archive(name: str, content: bytes, reason: Reason) -> Archive:
    """Nothing of it is taken in."""
    return Archive(name, content, reason.value)
