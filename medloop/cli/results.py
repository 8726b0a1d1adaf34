"""`medloop results`: what predictions are given back as."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from medloop.aws import objects
from medloop.aws.objects import ObjectGone
from medloop.catalogue.predictions import Prediction, list_predictions, predictions_named
from medloop.catalogue.results import ResultRow, results_of
from medloop.cli.target import connect, console, done, stop
from medloop.platform import catalogue

SHORT = 12
"""Digits of an id that tell it from others."""

app = typer.Typer(help="What predictions are given back as.", no_args_is_help=True)


@app.command("list")
def list_all(
    project: str,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 30,
) -> None:
    """The newest predictions of a project, with the forms that each is there in."""
    connect()
    table = Table("prediction", "version", "state", "answer", "confidence", "forms", box=None)
    for one in catalogue().read(lambda conn: list_predictions(conn, project, limit)):
        sure = "" if one.confidence is None else f"{one.confidence:.0%}"
        row = (one.id[:SHORT], str(one.model_version), one.state, one.label or one.reason or "", sure)
        table.add_row(*(escape(text) for text in row), kinds(one))
    console.print(table)


def kinds(prediction: Prediction) -> str:
    rows = catalogue().read(lambda conn: results_of(conn, prediction.id))
    return " ".join(row.kind for row in rows)


@app.command()
def get(
    prediction: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="A folder of this name is made in it.")],
) -> None:
    """Fetch every file of a prediction; each is held against the hash that was noted when it was written.

    [dim]medloop results get 3f0c --out ./results[/]
    """
    bucket = connect().predictions_bucket
    found = chosen(prediction)
    rows = catalogue().read(lambda conn: results_of(conn, found.id))
    if not rows:
        stop(f"{found.id[:SHORT]} has no results yet", "wait a moment; `medloop status` shows what is stuck")
    folder = out / found.id
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        (folder / Path(row.path).name).write_bytes(fetched(bucket, row))
    done(f"{len(rows)} files in {escape(str(folder))}")


def chosen(start: str) -> Prediction:
    found = catalogue().read(lambda conn: predictions_named(conn, start))
    if len(found) != 1:
        many = "more than one prediction begins" if found else "no prediction begins"
        stop(f"{many} with {escape(start)}", "`medloop results list PROJECT` shows them")
    return found[0]


def fetched(bucket: str, row: ResultRow) -> bytes:
    """Ends the command where the file is not the one that was written."""
    try:
        content = objects.read(bucket, row.path)
    except ObjectGone:
        stop(f"{row.kind} is gone", "it can be written again: tell an engineer")
    if hashlib.sha256(content).hexdigest() != row.sha256:
        stop(f"{row.kind} is not what was written: somebody changed it", "do not use it; tell an engineer")
    return content
