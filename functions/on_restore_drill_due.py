"""Once a week: restore the newest backup beside the live catalogue, and measure RTO and RPO."""

import time

from aws_lambda_powertools.metrics import MetricUnit

from events.alarms import AlertRaised
from events.upkeep import RestoreDrillDue
from medloop.aws.announcements import raise_alert
from medloop.aws.door import door, logger, metrics
from medloop.platform import catalogue, now
from medloop.recovery import NoBackup, NotRestored, drill
from medloop.settings import settings

SCHEMA = "restore_drill"


def on_restore_drill_due(body: str) -> None:
    RestoreDrillDue.model_validate_json(body)
    started = time.monotonic()
    try:
        contents = drill(catalogue(), settings().backups_bucket, SCHEMA)
    except (NoBackup, NotRestored) as error:
        failed(str(error))
        return
    seconds = time.monotonic() - started
    age = (now() - contents.taken_at).total_seconds()
    metrics.add_metric("RestoreSeconds", MetricUnit.Seconds, seconds)
    metrics.add_metric("RecoveryPointAge", MetricUnit.Seconds, age)
    logger.info("restore drill passed", backup=contents.backup, rto_seconds=seconds, rpo_seconds=age)


def failed(why: str) -> None:
    alert = AlertRaised(
        name="restore drill failed", severity="critical", summary=why[:500], dedup="restore-drill"
    )
    raise_alert(settings().alarms_topic_arn, alert)
    logger.error("restore drill failed", why=why)


handler = door(on_restore_drill_due)
