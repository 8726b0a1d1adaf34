"""`medloop` as it is installed: every command of medloop.cli, and those that need a laptop cloud."""

from typing import Annotated

import typer
from rich.console import Console

from medloop.cli.main import app
from medloop.cli.target import done, stop

console = Console()


@app.command()
def up(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget everything an earlier cloud here held.")
    ] = False,
) -> None:
    """Bring the laptop cloud up in this checkout: no AWS account, no Docker. Repeat it to update the code."""
    from local import cloud, people
    from local.processes import ProcessFailed
    from local.state import HOME, CloudBusy

    try:
        laptop = cloud.up(fresh, progress=show)
    except (ProcessFailed, CloudBusy) as error:
        stop(str(error), f"logs are in {HOME / 'logs'}; `medloop down` clears what is left")
    done(f"medloop is up; AWS answers at {laptop.endpoint}, the console at {laptop.console}")
    names = ", ".join(people.NAMES.values())
    console.print(
        f"  sign in as one of {names}; the password: {people.password(laptop.home)}", highlight=False
    )
    console.print("  next: `medloop project create chest --classes normal,pneumonia`, then `medloop upload`")


@app.command()
def down() -> None:
    """Stop the laptop cloud; what it holds stays for the next `medloop up`."""
    from local import cloud
    from local.state import CloudBusy

    try:
        cloud.down(progress=show)
    except CloudBusy as error:
        stop(str(error), "wait for it to end")
    done("medloop is down; nothing of it runs any more")


def show(step: str, seconds: float | None) -> None:
    """One line per finished step."""
    if seconds is not None:
        console.print(f"  {step:24} {seconds:6.1f} s", highlight=False)


if __name__ == "__main__":
    app()
