"""`medloop models`, `promote` and `rollback`: which model serves, and which did."""

import json
from typing import Annotated

import typer
from rich.table import Table

from events.models import PromotionRequested
from medloop.aws import queues
from medloop.catalogue.models import Model, champion, get_model, list_models, previous_champion
from medloop.cli.target import connect, console, done, stop
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue


def list_all(project: Annotated[str | None, typer.Argument(help="Only this project's.")] = None) -> None:
    """Every model with its score, its state and the gate's sentence."""
    connect()
    table = Table("project", "version", "state", "test score", "the gate said", box=None, header_style="bold")
    for model in catalogue().read(lambda conn: list_models(conn, project)):
        score = f"{json.loads(model.metrics)['value']:.4f}"
        style = "bold" if model.state == "champion" else ""
        row = (model.project, str(model.version), model.state, score, model.gate_reason or "")
        table.add_row(*row, style=style)
    console.print(table)


def promote(project: str, version: int) -> None:
    """Make a version the champion, whatever the gate said, and serve it blue/green."""
    connect()
    model = catalogue().read(lambda conn: get_model(conn, project, version))
    if model is None:
        stop(f"{project} has no version {version}", f"`medloop models {project}` lists them")
    crown(model, "promote")


def rollback(project: str) -> None:
    """Go back to the champion before this one."""
    connect()
    model = catalogue().read(lambda conn: previous_champion(conn, project))
    if model is None:
        stop(f"{project} never had another champion", f"`medloop models {project}` lists its versions")
    crown(model, "rollback")


def crown(model: Model, cause: str) -> None:
    request = PromotionRequested.model_validate(
        {"project": model.project, "version": model.version, "cause": cause}
    )
    queues.send(connect().model_approvals_queue_url, request)
    wait_for(f"version {model.version} to serve", lambda: serves(model), seconds=1800)
    done(f"{model.project} is served by version {model.version}")


def serves(model: Model) -> bool:
    present = catalogue().read(lambda conn: champion(conn, model.project))
    return present is not None and present.version == model.version
