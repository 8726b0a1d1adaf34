"""The clock's doors: the reconciler gives stuck work another push, the drill rehearses the way back."""

from datetime import timedelta
from pathlib import Path

import pytest

from events.upkeep import ReconcileDue, RestoreDrillDue
from medloop import recovery
from medloop.aws import queues
from medloop.aws.clients import client
from medloop.platform import catalogue, now
from tests.e2e.loop import Loop, until

pytestmark = pytest.mark.cloud

MAKE_IT_OLD = """
UPDATE uploads SET state = 'received', finished_at = NULL, received_at = %(at)s WHERE id = %(id)s"""

FORGET_THE_ANSWER = """
UPDATE predictions SET state = 'requested', finished_at = NULL, requested_at = %(at)s WHERE image = %(id)s"""

FORGET_THE_RESULTS = "UPDATE predictions SET written_at = NULL, finished_at = %(at)s WHERE id = %(id)s"


def send(door: str, message: ReconcileDue | RestoreDrillDue) -> None:
    queues.send(client("sqs").get_queue_url(QueueName=f"medloop-laptop-{door}")["QueueUrl"], message)


def test_an_upload_that_stays_undecided_is_looked_at_again(shapes: Loop, samples: Path) -> None:
    image = next((samples / "predict").glob("*.png")).read_bytes()
    stuck = shapes.put("labelled/ring/stuck.png", image)
    shapes.wait_for_verdicts([stuck])
    an_hour_ago = {"id": stuck, "at": now() - timedelta(hours=1)}
    catalogue().run(lambda conn: conn.execute(MAKE_IT_OLD, an_hour_ago))
    send("reconciliations-due", ReconcileDue())
    (upload,) = shapes.wait_for_verdicts([stuck])
    assert upload.state == "accepted"


def test_an_answer_whose_notice_was_lost_is_asked_for_again(shapes: Loop, samples: Path) -> None:
    image = next((samples / "predict").glob("*.dcm")).read_bytes()
    lost = shapes.put("predict/lost.dcm", image)
    shapes.answer(lost)
    an_hour_ago = {"id": lost, "at": now() - timedelta(hours=1)}
    catalogue().run(lambda conn: conn.execute(FORGET_THE_ANSWER, an_hour_ago))
    forget_that_it_was_asked(shapes)
    send("reconciliations-due", ReconcileDue())
    assert shapes.answer(lost).state == "done"


def test_results_that_were_never_written_are_written(shapes: Loop, samples: Path) -> None:
    image = shapes.put("predict/unwritten.png", next((samples / "predict").glob("*.png")).read_bytes())
    prediction = shapes.answer(image)

    def are_written() -> bool:
        found = shapes.prediction(image)
        return found is not None and found.written_at is not None

    until("the results", are_written)
    an_hour_ago = {"id": prediction.id, "at": now() - timedelta(hours=1)}
    catalogue().run(lambda conn: conn.execute(FORGET_THE_RESULTS, an_hour_ago))
    assert not are_written()
    send("reconciliations-due", ReconcileDue())
    until("the results again", are_written)


def forget_that_it_was_asked(loop: Loop) -> None:
    """As after the quarter of an hour for which a question is remembered."""
    table = loop.settings.idempotency_table
    for item in client("dynamodb").scan(TableName=table)["Items"]:
        client("dynamodb").delete_item(TableName=table, Key={"id": item["id"]})


def test_the_drill_passes_and_is_measured(shapes: Loop) -> None:
    settings = shapes.settings
    recovery.take_backup(catalogue(), settings.models_bucket, settings.backups_bucket, "hourly", now())
    send("restore-drills-due", RestoreDrillDue())
    until("the drill", drilled, 60)


def drilled() -> bool:
    group = "/aws/lambda/medloop-laptop-on-restore-drill-due"
    events = client("logs").filter_log_events(logGroupName=group)["events"]
    return any("restore drill passed" in event["message"] for event in events)
