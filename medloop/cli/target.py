"""Which medloop the commands speak to: the laptop's when one is up, else the stack in your AWS account."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from medloop.aws.stack import NoStack, read_settings
from medloop.settings import Settings, settings

console = Console()
errors = Console(stderr=True)

LAPTOP_FILE = Path(".medloop/cloud/laptop.json")


@dataclass
class Target:
    """Set by the options in front of the command."""

    stage: str = "dev"
    laptop: Path | None = None


target = Target()


def choose(stage: str | None, on_aws: bool) -> None:
    """Point this process at the laptop or at AWS, before the command runs."""
    laptop = None if on_aws or stage else find_laptop(Path.cwd())
    if laptop is None:
        target.stage = stage or "dev"
    else:
        choose_laptop(laptop)


def choose_laptop(file: Path) -> None:
    """Speak to the laptop cloud that this laptop.json describes."""
    state = json.loads(file.read_text())
    os.environ.update(state["environment"])
    target.laptop, target.stage = file, state["stage"]


def find_laptop(start: Path) -> Path | None:
    """laptop.json of a laptop cloud that was brought up in this folder or above it."""
    return next(
        (folder / LAPTOP_FILE for folder in (start, *start.parents) if (folder / LAPTOP_FILE).is_file()), None
    )


def connect() -> Settings:
    """The chosen deployment's settings, which every part of this process then sees.

    Ends the command with a sentence and a remedy where there is no deployment to speak to.
    """
    try:
        found = read_settings(f"medloop-{target.stage}")
    except NoStack:
        stop(
            f"no stack medloop-{target.stage} is deployed",
            "`medloop up` starts one on this machine; docs/deploy.md puts one into your AWS account",
        )
    except (BotoCoreError, ClientError) as error:
        stop(f"AWS does not answer: {error}", "run `medloop up`, or set up AWS credentials")
    os.environ.update(found.as_environment())
    return settings()


def stop(problem: str, remedy: str) -> NoReturn:
    """End the command: what is wrong, and what to do."""
    errors.print(f"[bold red]✗[/] {problem}", highlight=False, soft_wrap=True)
    errors.print(f"  {remedy}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def done(sentence: str) -> None:
    console.print(f"[green]✓[/] {sentence}", highlight=False, soft_wrap=True)
