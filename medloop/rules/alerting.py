"""Which alert goes to whom, and what it says there. No patient data: only names that medloop chose."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from events.alarms import AlarmStateChanged, AlertRaised, Severity

Channel = Literal["slack", "pagerduty"]

ROUTES: dict[Severity, tuple[Channel, ...]] = {
    "critical": ("pagerduty", "slack"),
    "warning": ("slack",),
    "info": ("slack",),
}

COLOURS: dict[Severity, str] = {"critical": "#b3261e", "warning": "#b26a00", "info": "#1f6feb"}


@dataclass(frozen=True)
class Alert:
    """One trouble, opened or resolved. `dedup` is equal for its repeats."""

    name: str
    severity: Severity
    summary: str
    dedup: str
    resolved: bool = False
    project: str | None = None


def alert_of(message: AlarmStateChanged | AlertRaised) -> Alert | None:
    """The alert a message means, or None for an alarm that merely got or lost its data."""
    if isinstance(message, AlertRaised):
        return Alert(message.name, message.severity, message.summary, message.dedup, project=message.project)
    if message.state == "INSUFFICIENT_DATA" or (message.state == "OK" and message.before != "ALARM"):
        return None
    return Alert(
        name=message.name,
        severity=severity_of(message.name),
        summary=message.description or message.name,
        dedup=message.name,
        resolved=message.state == "OK",
    )


def severity_of(alarm_name: str) -> Severity:
    """Alarms are named medloop-<stage>-<severity>-<what>; an unreadable name must not go unheard."""
    for severity in get_args(Severity):
        if f"-{severity}-" in alarm_name:
            return severity  # type: ignore[no-any-return]
    return "critical"


def slack_message(alert: Alert, stage: str) -> dict[str, Any]:
    """An incoming-webhook body (Slack Block Kit, in a coloured attachment)."""
    state = "resolved" if alert.resolved else alert.severity
    lines = [f"*{alert.name}* · {stage}", alert.summary]
    if alert.project:
        lines.append(f"project `{alert.project}`")
    return {
        "text": f"[{state}] {alert.name}: {alert.summary}",
        "attachments": [
            {
                "color": "#2e7d32" if alert.resolved else COLOURS[alert.severity],
                "blocks": [
                    {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)}},
                ],
            }
        ],
    }


def pagerduty_event(alert: Alert, stage: str, routing_key: str) -> dict[str, Any]:
    """An Events API v2 body; trigger and resolve share the dedup key."""
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "resolve" if alert.resolved else "trigger",
        "dedup_key": f"medloop-{stage}-{alert.dedup}",
    }
    if not alert.resolved:
        event["payload"] = {
            "summary": f"{alert.name}: {alert.summary}"[:1024],
            "source": f"medloop-{stage}",
            "severity": alert.severity,
            "component": alert.project or "platform",
        }
    return event
