"""`medloop inspect`: what the intake would say to files on this machine."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from medloop.cli.target import console, stop
from medloop.inspection.finding import Finding
from medloop.inspection.pool import Pool
from medloop.inspection.walk import walk
from medloop.rules.project import InvalidProject, Project, parse_project

_DEFAULT = Project(project="inspection", classes=("one", "other"))
_STYLES = {"accepted": "green", "quarantined": "yellow", "ignored": "dim", "error": "bold red"}


def inspect(
    paths: Annotated[
        list[Path], typer.Argument(exists=True, help="Files, folders and zip archives.", metavar="PATH…")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON line per file, as it is decided.")
    ] = False,
    project: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The project.yaml whose policy counts.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what would be repaired.")] = False,
    processes: Annotated[int, typer.Option("--processes", "-p", min=1, help="Files at a time.")] = 1,
    fail: Annotated[bool, typer.Option("--fail", help="Exit 1 when anything would be quarantined.")] = False,
) -> None:
    """Say of every file whether the intake would take it, and if not why; nothing is uploaded or written.

    The same code as in the cloud. Archives are looked into; formats are told by content, never by name.
    Exits 0 unless a path is missing (2), medloop itself failed on a file (1), or --fail says otherwise (1).

    [dim]medloop inspect ./export                          (a table, by reason)
    medloop inspect ./export --json | jq -r 'select(.verdict == "quarantined") | .path'[/]
    """
    pool = Pool(policy(project, strict), processes)
    tally = Tally()
    findings = pool.findings(walk(paths))
    if as_json:
        for finding in tally.counted(findings):
            print(finding.as_json(), flush=True)
    else:
        for _ in tally.counted(watched(findings, paths)):
            pass
        show(tally)
    raise typer.Exit(exit_code(tally, fail))


def policy(file: Path | None, strict: bool) -> Project:
    """The project whose rules are applied: the given one, or one with every default."""
    found = _DEFAULT if file is None else read_project(file)
    if not strict:
        return found
    return found.model_copy(update={"intake": found.intake.model_copy(update={"strictness": "strict"})})


def read_project(file: Path) -> Project:
    text = file.read_bytes()
    try:
        return parse_project(text, stated_name(text) or _DEFAULT.project)
    except InvalidProject as error:
        stop(str(error), "correct it and try again; docs/projects.md lists every field")


def stated_name(text: bytes) -> str:
    """A project.yaml need not lie in its project's folder here, so the name that it states is its name."""
    found = re.search(rb"^project: *['\"]?([a-z0-9-]+)", text, re.MULTILINE)
    return found[1].decode("ascii") if found else ""


class Tally:
    """How often each verdict was given for each reason, and one file of each kind."""

    def __init__(self) -> None:
        self.numbers: Counter[tuple[str, str]] = Counter()
        self.examples: dict[tuple[str, str], Finding] = {}
        self.warnings: Counter[str] = Counter()

    def counted(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            kind = (finding.verdict, finding.reason or "")
            self.numbers[kind] += 1
            self.examples.setdefault(kind, finding)
            self.warnings.update(finding.warnings)
            yield finding

    def total(self, verdict: str) -> int:
        return sum(number for (found, _), number in self.numbers.items() if found == verdict)


def watched(findings: Iterator[Finding], paths: list[Path]) -> Iterator[Finding]:
    """The same findings, with a bar on standard error; an archive counts as many files as it holds."""
    columns = (TextColumn("inspecting"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=sum(1 for _ in walk(paths)))
        for finding in findings:
            yield finding
            progress.advance(bar)


def show(tally: Tally) -> None:
    kinds = [Column(name, no_wrap=True) for name in ("files", "verdict", "reason")]
    table = Table(*kinds, "what to do", box=None, header_style="bold", pad_edge=False)
    for kind, number in tally.numbers.most_common():
        example = tally.examples[kind]
        style = _STYLES[example.verdict]
        row = (f"{number:>5}", f"[{style}]{example.verdict}[/]", example.reason or "", example.hint or "")
        table.add_row(*row)
    console.print(table)
    if tally.warnings:
        words = ", ".join(f"{word} ({number})" for word, number in tally.warnings.most_common())
        console.print(f"repaired: {words}", highlight=False, soft_wrap=True)


def exit_code(tally: Tally, fail: bool) -> int:
    return 1 if tally.total("error") or (fail and tally.total("quarantined")) else 0
