"""`medloop console`: where it is, and how its files get there."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from medloop.aws import site
from medloop.aws.clients import client
from medloop.cli.target import connect, done, stop
from medloop.cli.target import console as terminal

FOLDER = Path(__file__).resolve().parents[2] / "console"

app = typer.Typer(help="Where the console is, and how its files get there.")


@app.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Print the console's address."""
    if context.invoked_subcommand is None:
        address = f"{connect().console_origin}/"
        terminal.print(address, highlight=False, soft_wrap=True)
        if open_it and not webbrowser.open(address):
            stop("no browser opens here", f"go to {address} yourself")


@app.command()
def publish(
    folder: Annotated[Path, typer.Option(help="Another console than this checkout's.")] = FOLDER,
) -> None:
    """Put the console's files into its bucket; what did not change stays, what is gone is removed.

    Run it after the first deploy, and after each that changes the console; a laptop's `medloop up` does.
    """
    settings = connect()
    try:
        files = site.release(folder, settings)
    except site.NoConsole as error:
        stop(str(error), "run it from a checkout of medloop, or name the folder with --folder")
    published = site.publish(client("s3"), settings.console_bucket, files)
    done(f"{len(files)} files: {published.written} written, {published.removed} removed")
    terminal.print(f"  {settings.console_origin}/", highlight=False, soft_wrap=True)
