"""`medloop redrive`: dead-lettered messages get another try once their cause is mended."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from botocore.exceptions import ClientError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from medloop.aws import redrive as messages
from medloop.aws.redrive import DeadLetters
from medloop.cli.target import connect, console, done, stop


def redrive(
    queue: Annotated[str, typer.Argument(help="Whose messages: intake, inference-requests, …")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Those of every queue.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be moved.")] = False,
) -> None:
    """Give messages that failed five times back to the queue that they came from.

    Without a queue it only shows what waits. Find the cause in the function's log, and mend it first.

    No message is lost when this is interrupted; one may come twice, which does no harm.

    [dim]medloop redrive                    (what waits, and for how long)
    medloop redrive intake
    medloop redrive --all --dry-run[/]
    """
    if queue and everything:
        stop("either a queue or --all", "leave one of them out")
    prefix = f"medloop-{connect().stage}-"
    known = messages.dead_letters(prefix)
    chosen = [named(known, queue, prefix)] if queue else known
    holding = [one for one in chosen if one.waiting]
    show(holding)
    if not holding or dry_run or not (queue or everything):
        advise(known, chosen, bool(queue or everything))
        return
    for one in holding:
        move(one)


def named(known: list[DeadLetters], name: str, prefix: str) -> DeadLetters:
    """`intake`, `medloop-dev-intake` and `medloop-dev-intake-dlq` all mean the same."""
    wanted = name.removeprefix(prefix)
    found = [one for one in known if prefix + wanted in (one.name, one.source)]
    if not found:
        names = ", ".join(one.source.removeprefix(prefix) for one in known)
        stop(f"no queue {name}", f"there are: {names}")
    return found[0]


def show(holding: list[DeadLetters]) -> None:
    if not holding:
        return
    table = Table("queue", "failed", "oldest", "goes back to", box=None, header_style="bold")
    for one in holding:
        sent = messages.oldest(one)
        age = "" if sent is None else ago(datetime.now(UTC) - sent)
        table.add_row(one.name, str(one.waiting), age, one.source)
    console.print(table)


def advise(known: list[DeadLetters], chosen: list[DeadLetters], asked: bool) -> None:
    waiting = sum(one.waiting for one in chosen)
    hidden = sum(one.in_flight for one in chosen)
    if hidden:
        console.print(f"{hidden} more are being looked at by somebody and show up within minutes")
    if not waiting:
        done(f"nothing waits in {len(chosen)} of {len(known)} dead-letter queues")
    elif asked:
        console.print(f"{waiting} messages would go back; nothing was moved")
    else:
        console.print("`medloop redrive QUEUE` or `medloop redrive --all` gives them back")


def move(queue: DeadLetters) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    moved = 0
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(queue.source, total=queue.waiting)
            for moved in messages.redrive(queue):
                progress.update(task, completed=moved)
    except messages.NotMoved as error:
        stop(f"{moved} messages moved, then: {error}", "the rest waits where it was: run it again")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        stop(f"{queue.name}: {code}", "look whether you may receive from it and send to its source")
    done(f"{moved} messages went back to {queue.source}")


def ago(age: timedelta) -> str:
    """The age in its largest unit."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
