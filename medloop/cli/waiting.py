"""Waiting for the platform with a picture of it, and a clean way out."""

import time
from collections.abc import Callable

from rich.status import Status

from medloop.cli.target import console, stop

PAUSE_SECONDS = 0.5


def wait_for(what: str, reached: Callable[[], bool], seconds: float = 120.0) -> None:
    """Return once `reached` says so; end the command with advice when it never does."""
    deadline = time.monotonic() + seconds
    with Status(f"waiting for {what}", console=console):
        while not reached():
            if time.monotonic() > deadline:
                stop(f"{what} did not arrive within {seconds:.0f} s", "`medloop doctor` finds what is stuck")
            time.sleep(PAUSE_SECONDS)
