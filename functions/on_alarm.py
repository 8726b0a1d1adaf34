"""Something needs a person: tell Slack and PagerDuty, each exactly the channel its severity asks for."""

import hashlib
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from pydantic import TypeAdapter

from events.alarms import AlarmStateChanged, AlertRaised
from medloop.aws.clients import client
from medloop.aws.door import door, logger
from medloop.aws.secrets import secret_json
from medloop.aws.webhooks import post
from medloop.catalogue.alerts import Alert as AlertRow
from medloop.catalogue.alerts import AlertState, record_alert
from medloop.platform import catalogue, now
from medloop.rules.alerting import ROUTES, Alert, Channel, alert_of, pagerduty_event, slack_message
from medloop.settings import settings

Alarming = TypeAdapter[AlarmStateChanged | AlertRaised](AlarmStateChanged | AlertRaised)

told = DynamoDBPersistenceLayer(table_name=settings().idempotency_table, boto3_client=client("dynamodb"))
told_today = IdempotencyConfig(expires_after_seconds=24 * 3600, event_key_jmespath="key")


def on_alarm(body: str) -> None:
    alert = alert_of(Alarming.validate_json(body))
    if alert is None:
        return
    # The body's hash: a redelivery is the same message, the next alarm of this name is not.
    message = hashlib.sha256(body.encode()).hexdigest()
    record(message[:32], alert)
    for channel in ROUTES[alert.severity]:
        if address(channel):
            tell(delivery={"key": f"{message}-{channel}"}, alert=alert, channel=channel)


def record(key: str, alert: Alert) -> None:
    state: AlertState = "OK" if alert.resolved else "ALARM"
    row = AlertRow(key, alert.name, alert.severity, alert.summary, alert.project, state, now())
    catalogue().run(lambda conn: record_alert(conn, row))


@idempotent_function(data_keyword_argument="delivery", persistence_store=told, config=told_today)  # type: ignore[untyped-decorator]
def tell(delivery: dict[str, str], alert: Alert, channel: Channel) -> None:
    """Once per message and channel; a failed post is retried without telling the other one twice."""
    secret = secret_json(settings().webhooks_secret_arn)
    body: dict[str, Any] = (
        slack_message(alert, settings().stage)
        if channel == "slack"
        else pagerduty_event(alert, settings().stage, secret["pagerduty_routing_key"])
    )
    post(address(channel), body)
    logger.info("alert sent", alert=alert.name, channel=channel, resolved=alert.resolved)


def address(channel: Channel) -> str:
    """Empty where the channel is not set up."""
    secret = secret_json(settings().webhooks_secret_arn)
    if channel == "pagerduty" and not secret["pagerduty_routing_key"]:
        return ""
    return str(secret["slack_url" if channel == "slack" else "pagerduty_url"])


handler = door(on_alarm)
