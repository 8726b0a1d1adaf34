"""`medloop status`: the whole platform on one screen."""

import time
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from medloop.aws import endpoints, queues
from medloop.aws.queues import QueueDepth
from medloop.catalogue.jobs import Job
from medloop.catalogue.models import Model
from medloop.catalogue.summary import Summary, summarise
from medloop.cli.target import connect, console, target
from medloop.platform import catalogue
from medloop.rules.deployment import endpoint_name
from medloop.rules.reasons import Reason
from medloop.settings import Settings

REFRESH_SECONDS = 2.0

STYLES = {"waiting_capacity": "yellow"}


def status(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Keep refreshing until Ctrl-C.")] = False,
) -> None:
    """Queues, uploads, jobs, champions, endpoints and the last troubles, on one screen."""
    settings = connect()
    if not watch:
        console.print(screen(settings))
        return
    with Live(screen(settings), console=console, auto_refresh=False, screen=True) as live:
        while True:
            live.update(screen(settings), refresh=True)
            time.sleep(REFRESH_SECONDS)


def screen(settings: Settings) -> RenderableType:
    summary = catalogue().read(summarise)
    depths = queues.depths(f"medloop-{settings.stage}-")
    return Group(
        Text(f"medloop · {target.stage}", style="bold"),
        *section("Images", [counts("uploads", summary.uploads), counts("predictions", summary.predictions)]),
        *section("Queues", queue_lines(depths)),
        *section("Training", job_lines(summary)),
        *section("Champions", [champion_line(settings, model) for model in summary.champions]),
        *section("Quarantined last", [quarantine_table(summary)] if summary.quarantined else []),
        *section("Alerts", alert_lines(summary)),
    )


def section(title: str, lines: Iterable[RenderableType]) -> list[RenderableType]:
    shown = list(lines) or [Text("none", style="dim")]
    return [Text(), Text(title, style="bold cyan"), *shown]


def counts(name: str, states: dict[str, int]) -> Text:
    return Text(f"{name}: " + (", ".join(f"{n} {state}" for state, n in sorted(states.items())) or "none"))


def queue_lines(depths: list[QueueDepth]) -> list[Text]:
    """Only what holds something: an idle platform has nothing to say here."""
    return [
        Text(
            f"{depth.name}: {depth.waiting} waiting, {depth.in_flight} in flight",
            style="red" if depth.name.endswith("-dlq") else "",
        )
        for depth in depths
        if depth.waiting or depth.in_flight
    ]


def job_lines(summary: Summary) -> list[Text]:
    """What waits for machines says since when, and for want of what."""
    active = [Text(job_line(job), style=STYLES.get(job.state, "")) for job in summary.active_jobs]
    failed = [Text(f"{job.name}: failed, {job.reason}", style="red") for job in summary.failed_jobs]
    return [counts("jobs", summary.jobs), *active, *failed]


def job_line(job: Job) -> str:
    since = (
        f"waits since {job.requested_at:%Y-%m-%d %H:%M}," if job.state == "waiting_capacity" else job.state
    )
    return f"{job.name}: {since} {job.reason or ''}".rstrip()


def champion_line(settings: Settings, model: Model) -> Text:
    endpoint = endpoints.describe(endpoint_name(settings.stage, model.project))
    serving = "no endpoint" if endpoint is None else f"{endpoint.status}, {endpoint.instances} instances"
    return Text(f"{model.project}: version {model.version}, {serving}; {model.gate_reason or ''}")


def quarantine_table(summary: Summary) -> Table:
    """Ids, never keys: this screen may be shared."""
    table = Table("upload", "project", "reason", "what to do", box=None, header_style="dim")
    for row in summary.quarantined:
        reason = Reason(row.reason or "")
        table.add_row(row.id[:12], row.project or "", reason.value, reason.explanation.hint)
    return table


def alert_lines(summary: Summary) -> list[Text]:
    return [
        Text(f"{alert.raised_at:%Y-%m-%d %H:%M} {alert.severity} {alert.name}: {alert.summary}")
        for alert in summary.alerts
    ]
