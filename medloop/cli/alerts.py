"""`medloop alerts`: what was raised, and a test that the way to people is open."""

import uuid
from typing import Annotated

import typer
from rich.table import Table

from events.alarms import AlertRaised
from medloop.aws.announcements import raise_alert
from medloop.catalogue.alerts import list_alerts
from medloop.cli.target import connect, console, done
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue

app = typer.Typer(help="What was raised, and a test of the way to people.", no_args_is_help=True)


@app.command("list")
def list_all(last: Annotated[int, typer.Option(help="How many.")] = 20) -> None:
    """The newest alerts first."""
    connect()
    table = Table("when", "severity", "alert", "summary", box=None, header_style="bold")
    for alert in catalogue().read(lambda conn: list_alerts(conn, limit=last)):
        when = alert.raised_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(when, alert.severity, alert.name, alert.summary)
    console.print(table)


@app.command()
def test(
    severity: Annotated[str, typer.Option(help="critical, warning or info: decides the channels.")] = "info",
) -> None:
    """Send one alert through topic, queue and function to Slack and PagerDuty."""
    settings = connect()
    key = f"test-{uuid.uuid4().hex[:8]}"
    alert = AlertRaised.model_validate(
        {"name": "test alert", "severity": severity, "summary": f"Somebody ran the test {key}.", "dedup": key}
    )
    raise_alert(settings.alarms_topic_arn, alert)
    wait_for("the alert to pass", lambda: arrived(alert), seconds=120)
    done("passed on; look for it in the channels that are set up")


def arrived(alert: AlertRaised) -> bool:
    recent = catalogue().read(lambda conn: list_alerts(conn, limit=50))
    return any(row.summary == alert.summary for row in recent)
