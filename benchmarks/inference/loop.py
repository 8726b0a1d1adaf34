"""From the drop into S3 to the stored answer, on a warm endpoint of the laptop cloud, stage by stage."""

import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from benchmarks.stage import Put, Stage, percentiles, staged, until
from events.inference import ModelOutput
from events.training import RetrainingConsidered
from local.samples import CLASSES, write_samples
from medloop.catalogue.models import champion
from medloop.catalogue.predictions import Prediction, predictions_of
from medloop.catalogue.uploads import get_uploads

PROJECT = "bench"
EACH = 40
"""Labelled images of a class."""
OPEN = {"minimum_score": 0.0, "minimum_test_items": 1, "margin": 1.0}
TRAINING = {"recipe": "debug", "overrides": {"epochs": 2}}


def stages(count: int) -> dict[str, dict[str, float]]:
    """Seconds of each stage: p50, p95 and p99 over images, each dropped when the one before is answered."""
    with tempfile.TemporaryDirectory(prefix="medloop-", ignore_cleanup_errors=True) as folder:
        samples = Path(folder) / "samples"
        write_samples(samples, per_class=EACH, seed=1)
        with staged(Path(folder).resolve() / "cloud") as stage:
            serve_a_champion(stage, samples)
            files = sorted((samples / "predict").glob("*.png"))
            rows = [answered(stage, files[number % len(files)], number) for number in range(count + 2)]
    rows = rows[2:]  # the first ones find functions and endpoint cold
    return {name: percentiles([row[name] for row in rows]) for name in rows[0]}


def serve_a_champion(stage: Stage, samples: Path) -> None:
    stage.create_project(PROJECT, classes=list(CLASSES), gate=OPEN, training=TRAINING)
    files = [file for file in sorted((samples / "labelled").rglob("*")) if file.is_file()]
    for file in files:
        stage.put(f"{PROJECT}/labelled/{file.parent.name}/{file.name}", file.read_bytes())
    stage.wait_until_decided(PROJECT, len(files), 300)
    wish = RetrainingConsidered(project=PROJECT, cause="person", request=uuid.uuid4().hex)
    stage.sqs.send_message(
        QueueUrl=stage.settings.retraining_checks_queue_url, MessageBody=wish.model_dump_json()
    )
    until("a champion", lambda: stage.catalogue.read(lambda conn: champion(conn, PROJECT)), 600)


def answered(stage: Stage, file: Path, number: int) -> Mapping[str, float]:
    """Seconds that one image spent in each stage."""
    put = stage.put(f"{PROJECT}/predict/{number}.png", file.read_bytes())
    sent = time.time() - put.began
    found = until("an answer", lambda: done(stage, put), 120, cadence=0.02)
    (upload,) = stage.catalogue.read(lambda conn: get_uploads(conn, [put.id]))
    assert upload.finished_at is not None and found.finished_at is not None
    body = stage.s3.get_object(Bucket=stage.settings.predictions_bucket, Key=found.output_path)["Body"].read()
    inside = ModelOutput.model_validate_json(body).seconds
    asked = found.requested_at.timestamp()
    return {
        "upload into S3": sent,
        "event, intake, catalogue row": upload.finished_at.timestamp() - put.began - sent,
        "queue, request to the endpoint": asked - upload.finished_at.timestamp(),
        "container: decode, prepare, forward": inside,
        "endpoint's queue, S3, notice, stored answer": found.finished_at.timestamp() - asked - inside,
        "all": found.finished_at.timestamp() - put.began,
    }


def done(stage: Stage, put: Put) -> Prediction | None:
    rows = stage.catalogue.read(lambda conn: predictions_of(conn, [put.id]))
    return next((row for row in rows if row.state == "done"), None)
