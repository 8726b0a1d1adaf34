"""`medloop audit`: who asked for what, and whether that record is whole."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from medloop.catalogue.audit import whole_trail
from medloop.catalogue.pages import page_of_audit
from medloop.cli.target import connect, console, done, stop
from medloop.platform import catalogue
from medloop.rules.audit import flaws

app = typer.Typer(help="Who asked for what, and whether that record is whole.", no_args_is_help=True)


@app.command("list")
def list_all(
    project: Annotated[str | None, typer.Option("--project", "-p", help="Only of this project.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only of this person.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 50,
) -> None:
    """Requests to the API, the newest first: who, as what, and whether it was allowed."""
    connect()
    rows = catalogue().read(lambda conn: page_of_audit(conn, None, limit, project, actor))[:limit]
    table = Table("when", "who", "role", "what", "project", "of", "outcome", box=None, header_style="bold")
    for row in rows:
        when = f"{row.at:%Y-%m-%d %H:%M:%S}"
        told = (row.actor, row.role, row.operation, row.project or "", row.subject or "", row.outcome)
        table.add_row(when, *(escape(text) for text in told))
    console.print(table)


@app.command()
def verify() -> None:
    """Prove that no row was changed or removed; exit 1 where one was.

    The very last row of each chain is only proven once a later one refers to it.
    """
    connect()
    rows = catalogue().read(whole_trail)
    found = list(flaws((row.entry, row.hash) for row in rows))
    for flaw in found:
        console.print(f"  {flaw}", highlight=False, markup=False)
    if found:
        stop(f"{len(found)} flaws in {len(rows)} rows", "somebody wrote to the catalogue; compare a backup")
    done(f"{len(rows)} rows, unchanged and without a gap")
