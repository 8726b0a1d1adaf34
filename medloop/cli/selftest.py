"""`medloop selftest`: the corpus of edge cases, judged on this machine or by a deployed stack."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from medloop.cli.target import console, done, stop
from medloop.selftest.case import Case
from medloop.selftest.corpus import corpus
from medloop.selftest.evidence import page
from medloop.selftest.folder import write_corpus
from medloop.selftest.outcome import Outcome
from medloop.selftest.run import run


def selftest(
    only: Annotated[
        list[str] | None, typer.Option(help="A case (B11), a letter (E) or a topic (bombs); repeat it.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show the cases and what each is about.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep the generated files here, to try them elsewhere."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per case.")] = False,
    evidence: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the outcomes as a page of Markdown.")
    ] = None,
    against_stack: Annotated[
        bool,
        typer.Option("--against-stack", help="Upload the files to the deployed stack and compare verdicts."),
    ] = False,
    processes: Annotated[
        int | None, typer.Option("--processes", "-p", min=1, help="Cases at a time.")
    ] = None,
) -> None:
    """Generate files that break imaging pipelines, and check what becomes of each; exit 1 on any surprise.

    Every case runs in a process of its own that is held to a time and a memory. Nothing is downloaded.

    [dim]medloop selftest
    medloop selftest --only bombs --only B36
    medloop selftest --out ./corpus && medloop inspect ./corpus
    medloop --stage prod selftest --against-stack[/]
    """
    cases = chosen(corpus(), only)
    if listing:
        show_cases(cases.values())
        return
    if out is not None:
        done(f"{write_corpus(cases.values(), out)} files in {out}; expected.json says what to expect of each")
    started = time.monotonic()
    outcomes = list(reported(judged(cases, against_stack, processes), len(cases), as_json))
    outcomes.sort(key=lambda outcome: outcome.id)
    if evidence is not None:
        evidence.parent.mkdir(parents=True, exist_ok=True)
        evidence.write_text(page(cases, outcomes), encoding="utf-8")
    if not as_json:
        show(cases, outcomes, time.monotonic() - started)
    raise typer.Exit(0 if all(outcome.as_expected for outcome in outcomes) else 1)


def chosen(cases: dict[str, Case], only: list[str] | None) -> dict[str, Case]:
    """Those whose id begins with, or whose topic is, one of the words."""
    if not only:
        return cases
    found = {
        id: case
        for id, case in cases.items()
        if any(id.startswith(word.upper()) or case.topic == word for word in only)
    }
    if not found:
        stop(f"no case is called {' or '.join(only)}", "`medloop selftest --list` shows them all")
    return found


def judged(cases: dict[str, Case], against_stack: bool, processes: int | None) -> Iterator[Outcome]:
    if not against_stack:
        return run(cases.values(), processes)
    # Loaded here: everything else of this command works without AWS.
    from medloop.cli.selftest_stack import run_on_stack

    return run_on_stack(cases.values())


def reported(outcomes: Iterable[Outcome], total: int, as_json: bool) -> Iterator[Outcome]:
    """The same outcomes; each told at once."""
    if as_json:
        for outcome in outcomes:
            print(json.dumps(asdict(outcome)), flush=True)
            yield outcome
        return
    columns = (TextColumn("{task.description:3}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        for outcome in outcomes:
            progress.update(task, advance=1, description=outcome.id)
            yield outcome


def show_cases(cases: Iterable[Case]) -> None:
    table = Table("", "case", "why", box=None, header_style="bold", pad_edge=False)
    for case in cases:
        table.add_row(case.id, escape(case.title), f"[dim]{escape(case.why)}[/]")
    console.print(table)


def show(cases: dict[str, Case], outcomes: list[Outcome], seconds: float) -> None:
    table = Table(
        "", "", "case", "expected", "got", "ms", "MB", box=None, header_style="bold", pad_edge=False
    )
    for outcome in outcomes:
        mark = "[green]✓[/]" if outcome.as_expected else "[bold red]✗[/]"
        words = (outcome.id, escape(cases[outcome.id].title), outcome.expected, outcome.got)
        table.add_row(mark, *words, f"{outcome.seconds * 1000:.0f}", str(outcome.megabytes))
    console.print(table)
    surprising = [outcome for outcome in outcomes if not outcome.as_expected]
    for outcome in surprising:
        console.print(f"\n[bold red]{outcome.id}[/] {escape(cases[outcome.id].title)}")
        for surprise in outcome.surprises:
            console.print(f"  {escape(surprise)}", highlight=False, soft_wrap=True)
    good = len(outcomes) - len(surprising)
    console.print(
        f"\n{good} of {len(outcomes)} as expected, in {seconds:.0f} s", style="bold", highlight=False
    )
