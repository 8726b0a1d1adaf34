"""`medloop series`: which series are being assembled, and what they became."""

import json
from typing import Annotated, Literal, cast

import typer
from rich.table import Table

from medloop.catalogue.series import Series, get_series, list_series
from medloop.cli.target import connect, console, stop
from medloop.platform import catalogue
from medloop.rules.reasons import Reason

app = typer.Typer(help="Series of slices on their way to becoming volumes.", no_args_is_help=True)

State = Literal["open", "assembled", "refused"]


@app.command("list")
def list_all(
    project: Annotated[str | None, typer.Argument(help="Only this project's.")] = None,
    state: Annotated[str | None, typer.Option(help="open, assembled or refused.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line each.")] = False,
) -> None:
    """The latest series first: open ones wait for more slices, refused ones say why."""
    connect()
    if state not in (None, "open", "assembled", "refused"):
        stop(f"there is no state {state}", "use open, assembled or refused")
    found = catalogue().read(lambda conn: list_series(conn, project, cast(State | None, state), limit))
    if as_json:
        for row in found:
            console.print_json(json.dumps(vars(row), default=str), indent=None)
        return
    table = Table("series", "project", "state", "slices", "version", "why", box=None, header_style="bold")
    for row in found:
        table.add_row(
            row.id[:12], row.project, row.state, str(row.slices), str(row.version), row.reason or ""
        )
    console.print(table)


@app.command()
def show(series: Annotated[str, typer.Argument(help="Its id, or enough of its beginning.")]) -> None:
    """What each stack of a series became: shape and spacing, or the reason and what to do."""
    connect()
    row = found_by(series)
    console.print(
        f"[bold]{row.id}[/]  {row.project}  {row.state}, version {row.version}, {row.slices} slices"
    )
    for facts in json.loads(row.details or "[]"):
        console.print("  " + "  ".join(f"{name}={value}" for name, value in sorted(facts.items())))
    for code in (row.reason or "").split(","):
        if code:
            console.print(f"  [yellow]{code}[/]: {Reason(code).explanation.hint}")


def found_by(beginning: str) -> Series:
    exact = catalogue().read(lambda conn: get_series(conn, beginning))
    if exact is not None:
        return exact
    rows = catalogue().read(lambda conn: list_series(conn, limit=10_000))
    matching = [row for row in rows if row.id.startswith(beginning)]
    if len(matching) != 1:
        stop(f"{len(matching)} series begin with {beginning}", "`medloop series list` shows their ids")
    return matching[0]
