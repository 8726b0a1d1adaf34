"""Severity decides the channel; a resolved alarm closes what it opened."""

import json

import pytest

from events.alarms import AlarmStateChanged, AlertRaised, Severity
from medloop.rules.alerting import ROUTES, alert_of, pagerduty_event, severity_of, slack_message


def alarm(state: str, before: str = "ALARM") -> AlarmStateChanged:
    return AlarmStateChanged.model_validate(
        {
            "AlarmName": "medloop-dev-critical-error-rate",
            "AlarmDescription": "More than 5 % of records fail.",
            "NewStateValue": state,
            "OldStateValue": before,
        }
    )


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("medloop-dev-critical-error-rate", "critical"),
        ("medloop-prod-warning-inference-latency", "warning"),
        ("somebody-elses-alarm", "critical"),
    ],
)
def test_severity_is_read_from_the_alarm_name(name: str, severity: Severity) -> None:
    assert severity_of(name) == severity


def test_only_critical_alerts_wake_somebody() -> None:
    assert [severity for severity, channels in ROUTES.items() if "pagerduty" in channels] == ["critical"]


def test_trigger_and_resolve_share_their_key() -> None:
    opened, closed = alert_of(alarm("ALARM")), alert_of(alarm("OK"))
    assert opened and closed
    trigger, resolve = (pagerduty_event(alert, "dev", "key") for alert in (opened, closed))
    assert trigger["dedup_key"] == resolve["dedup_key"]
    assert (trigger["event_action"], resolve["event_action"]) == ("trigger", "resolve")


def test_too_little_data_is_no_alert() -> None:
    assert alert_of(alarm("INSUFFICIENT_DATA")) is None


def test_an_alarm_that_starts_out_well_is_no_news() -> None:
    assert alert_of(alarm("OK", before="INSUFFICIENT_DATA")) is None


def test_an_alert_raised_by_a_door_names_project_and_cause() -> None:
    raised = AlertRaised(
        name="training failed", severity="warning", summary="loss is not finite", project="chest", dedup="j1"
    )
    alert = alert_of(raised)
    assert alert is not None
    text = json.dumps(slack_message(alert, "dev"))
    assert "training failed" in text and "loss is not finite" in text and "chest" in text
