"""Many files read at a time, each in a process that may die of one without taking the others with it."""

import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from medloop.inspection.finding import Finding
from medloop.inspection.pool import Pool
from medloop.inspection.verdicts import FOLDER_JUNK
from medloop.rules.intake import image_id
from medloop.rules.project import Project
from medloop.workbench.cores import cores
from medloop.workbench.example import LeftOut, Stored
from medloop.workbench.spool import Place
from medloop.workbench.worker import BETWEEN, command

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, how many are done, of how many)."""


_TOGETHER: Final = 32
"""Paths in one request."""


@dataclass(frozen=True)
class Workplace:
    """What every form of folder is read with."""

    project: str
    root: Path
    """The folder itself: paths are told relative to it."""
    spool: Path
    """The folder of encoded arrays."""
    progress: Progress = lambda what, done, total: None
    processes: int = field(default_factory=cores)


@dataclass(frozen=True)
class Taken:
    """`stored` is path → image, in the order of the paths."""

    stored: dict[Path, Stored]
    left: list[LeftOut]


def take(paths: Iterable[Path], where: Workplace, masks: Path | None = None) -> Taken:
    """Read every file; those in the folder `masks` say what an image shows."""
    order = [str(path) for path in paths]
    pool = Pool(
        Project(project=where.project, classes=("one", "other")),
        min(where.processes, max(1, len(order))),
        command=command(where.spool, masks),
    )
    told: dict[str, Finding] = {}
    for finding in _findings(pool, order, where.processes):
        told[finding.path] = finding
        where.progress("reading", len(told), len(order))
    stored: dict[Path, Stored] = {}
    left: list[LeftOut] = []
    for path in order:
        finding, relative = told[path], Path(path).relative_to(where.root).as_posix()
        if finding.verdict == "accepted":
            stored[Path(path)] = _stored(finding, relative)
        elif finding.reason != FOLDER_JUNK:
            left.append(LeftOut(relative, finding.reason or finding.verdict))
    return Taken(stored, left)


def _findings(pool: Pool, paths: list[str], processes: int) -> Iterator[Finding]:
    """Several paths at a time; what shared its fate with a file that killed its reader is read alone."""
    told = set()
    many = max(1, min(_TOGETHER, len(paths) // (4 * processes)))
    batches = (BETWEEN.join(paths[start : start + many]) for start in range(0, len(paths), many))
    for finding in _undisturbed(pool.findings(batches)):
        if many == 1 or BETWEEN not in finding.path:
            told.add(finding.path)
            yield finding
    if len(told) < len(paths):
        yield from _undisturbed(pool.findings(path for path in paths if path not in told))


def _undisturbed(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Ctrl-C reaches this process alone: those that read files end with it, and have nothing to say."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        # The pool's threads start here; they and their processes inherit what is blocked.
        first = next(findings, None)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if first is not None:
        yield first
        yield from findings


def _stored(finding: Finding, relative: str) -> Stored:
    facts = finding.facts
    content = str(facts["content"])
    return Stored(
        id=image_id("", relative, content),
        path=relative,
        place=Place(str(facts["file"]), int(facts["offset"]), int(facts["size"])),
        ending=str(facts["ending"]),
        sha256=str(facts["sha256"]),
        content=content,
        geometry=str(facts["geometry"]),
        patient=str(facts["patient"]),
        marks=tuple(int(mark) for mark in str(facts["marks"]).split(",") if mark),
    )
