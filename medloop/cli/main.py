"""`medloop`: every command, and the options that choose where they act."""

from typing import Annotated

import typer

from medloop.cli import (
    alerts,
    audit,
    console,
    datasets,
    deidentify,
    doctor,
    export,
    inspect,
    jobs,
    models,
    projects,
    quarantine,
    recovery,
    redrive,
    reidentify,
    results,
    selftest,
    series,
    status,
    stow,
    training,
    uploads,
    users,
    volumes,
)
from medloop.cli.target import choose

app = typer.Typer(
    name="medloop",
    help="Drop medical images into a bucket and get a trained, watched, re-trained model.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
app.add_typer(projects.app, name="project")
app.add_typer(alerts.app, name="alerts")
app.add_typer(audit.app, name="audit")
app.add_typer(console.app, name="console")
app.add_typer(users.app, name="users")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(series.app, name="series")
app.add_typer(datasets.app, name="dataset")
app.add_typer(jobs.app, name="jobs")
app.add_typer(results.app, name="results")
app.command()(status.status)
app.command()(doctor.doctor)
app.command()(uploads.upload)
app.command()(uploads.predict)
app.command()(training.train)
app.command("models")(models.list_all)
app.command()(models.promote)
app.command()(models.rollback)
app.command()(recovery.backup)
app.command()(recovery.restore)
app.command()(redrive.redrive)
app.command()(inspect.inspect)
app.command()(deidentify.deidentify)
app.command()(reidentify.reidentify)
app.command()(stow.stow)
app.command()(selftest.selftest)
app.command()(volumes.volumes)
app.command()(export.export)


@app.callback()
def target(
    stage: Annotated[
        str | None, typer.Option(help="The stack medloop-STAGE in your AWS account.", envvar="MEDLOOP_STAGE")
    ] = None,
    aws: Annotated[bool, typer.Option("--aws", help="Speak to AWS although a laptop cloud is up.")] = False,
) -> None:
    """Commands speak to the laptop cloud when one is up in this folder, else to AWS."""
    choose(stage, aws)
