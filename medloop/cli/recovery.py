"""`medloop backup` and `medloop restore`."""

from typing import Annotated

import typer
from rich.table import Table

from events.models import PromotionRequested
from events.upkeep import BackupDue
from medloop import recovery
from medloop.aws import queues
from medloop.catalogue.dump import is_empty
from medloop.cli.target import connect, console, done, stop
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue


def backup(
    listing: Annotated[bool, typer.Option("--list", help="Show the backups there are.")] = False,
) -> None:
    """Take a backup now: the catalogue, and a copy of every champion."""
    settings = connect()
    before = recovery.list_backups(settings.backups_bucket)
    if listing:
        table = Table("backup", "tier", box=None, header_style="bold")
        for one in before:
            table.add_row(one.name, one.tier)
        console.print(table)
        return
    queues.send(settings.backups_due_queue_url, BackupDue(tier="daily"))
    wait_for("the backup", lambda: recovery.list_backups(settings.backups_bucket)[:1] != before[:1])
    done(f"backup {recovery.list_backups(settings.backups_bucket)[0].name}")


def restore(
    name: Annotated[str | None, typer.Argument(help="Which backup; the newest unless named.")] = None,
) -> None:
    """Bring an empty installation back to a backup: catalogue, champions and their endpoints.

    Can be repeated after an interruption. A catalogue that holds other rows is never overwritten.
    """
    settings = connect()
    try:
        contents = recovery.read_contents(settings.backups_bucket, name)
    except recovery.NoBackup as error:
        stop(str(error), "`medloop backup --list` shows which there are")
    if not catalogue().read(is_empty):
        console.print("the catalogue is not empty: going on only if what it holds is this backup")
    try:
        recovery.restore_catalogue(catalogue(), settings.backups_bucket, contents)
    except recovery.NotRestored as error:
        stop(f"the catalogue {error}", "restore into an empty installation")
    copied = recovery.restore_models(settings.models_bucket, settings.backups_bucket, contents.champions)
    done(f"{contents.backup}: {sum(t.rows for t in contents.tables.values())} rows, {copied} models copied")
    for champion in contents.champions:
        request = PromotionRequested(project=champion.project, version=champion.version, cause="restore")
        queues.send(settings.model_approvals_queue_url, request)
