"""Every quarter of an hour: find what no event announced, and what got stuck on its way."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from events.inference import InferenceRequested, PredictionMade
from events.series import SeriesFellQuiet
from events.training import TrainingJobDetail, TrainingJobStateChanged
from events.upkeep import ReconcileDue
from events.uploads import ObjectRediscovered
from medloop.aws import objects, queues, training_jobs
from medloop.aws.door import door, logger
from medloop.aws.objects import ObjectVersion
from medloop.catalogue.images import Image, predict_images_without_prediction
from medloop.catalogue.jobs import active_jobs
from medloop.catalogue.models import Model, list_champions
from medloop.catalogue.predictions import overdue_predictions
from medloop.catalogue.results import unwritten_predictions
from medloop.catalogue.series import overdue_series
from medloop.catalogue.uploads import Upload, known_versions, unfinished_uploads
from medloop.jobs import measure_backlog
from medloop.platform import catalogue, now
from medloop.rules.intake import image_id
from medloop.settings import settings

UPLOAD_PATIENCE = timedelta(minutes=15)
"""An event normally takes seconds, "sometimes a minute or longer" (S3 user guide)."""

SERIES_PATIENCE = timedelta(minutes=15)
"""After the time at which its schedule should have fired; schedules are precise to a minute."""

PREDICTION_PATIENCE = timedelta(minutes=30)
"""Longer than the longest answer: 15 minutes of time-out after a start from zero."""

RESULTS_PATIENCE = timedelta(minutes=30)
"""Five attempts of five minutes, and what they wait between."""

RESULTS_GIVEN_UP = timedelta(days=1)

PAGE = 500


def on_reconcile_due(body: str) -> None:
    ReconcileDue.model_validate_json(body)
    found = {
        "unannounced_uploads": queues.send_all(settings().intake_queue_url, unannounced()),
        "stuck_uploads": queues.send_all(settings().intake_queue_url, stuck()),
        "forgotten_series": queues.send_all(settings().series_due_queue_url, forgotten_series()),
        "missing_predictions": queues.send_all(
            settings().inference_requests_queue_url, missing_predictions()
        ),
        "unwritten_results": queues.send_all(settings().predictions_made_queue_url, unwritten_results()),
        "unheard_jobs": queues.send_all(settings().training_outcomes_queue_url, unheard_jobs()),
    }
    measure_backlog()
    logger.info("reconciled", found=found)


def unannounced() -> Iterator[ObjectRediscovered]:
    """Object versions in the uploads bucket that the catalogue has never heard of."""
    versions = objects.list_versions(settings().uploads_bucket)
    old_enough = (version for version in versions if version.written_at < now() - UPLOAD_PATIENCE)
    while page := list(islice(old_enough, PAGE)):
        yield from (rediscovered(version) for version in unheard_of(page))


def unheard_of(versions: list[ObjectVersion]) -> list[ObjectVersion]:
    ids = {image_id(v.bucket, v.key, v.version_id): v for v in versions}
    known = catalogue().read(lambda conn: known_versions(conn, ids))
    return [version for key, version in ids.items() if key not in known]


def stuck() -> Iterable[ObjectRediscovered]:
    uploads = catalogue().read(lambda conn: unfinished_uploads(conn, now() - UPLOAD_PATIENCE))
    return [rediscovered(upload) for upload in uploads]


def rediscovered(version: ObjectVersion | Upload) -> ObjectRediscovered:
    return ObjectRediscovered(
        bucket=version.bucket, key=version.key, version_id=version.version_id, size=version.size
    )


def forgotten_series() -> Iterator[SeriesFellQuiet]:
    """Slices have arrived, and the schedule that should have looked at them was never made or never fired."""
    for series in catalogue().read(lambda conn: overdue_series(conn, now() - SERIES_PATIENCE)):
        yield SeriesFellQuiet(series=series.id)


def missing_predictions() -> Iterator[InferenceRequested]:
    """Asked but never answered, and never asked although there is a champion."""
    for late in catalogue().read(lambda conn: overdue_predictions(conn, now() - PREDICTION_PATIENCE)):
        yield InferenceRequested(project=late.project, image=late.image)
    for model in catalogue().read(list_champions):
        yield from (InferenceRequested(project=i.project, image=i.id) for i in never_asked(model))


def never_asked(model: Model) -> list[Image]:
    return catalogue().read(
        lambda conn: predict_images_without_prediction(conn, model.project, model.version)
    )


def unwritten_results() -> Iterator[PredictionMade]:
    """Answered, and not given back; older ones were tried until they were dead letters."""
    span = (now() - RESULTS_GIVEN_UP, now() - RESULTS_PATIENCE)
    for late in catalogue().read(lambda conn: unwritten_predictions(conn, *span)):
        yield PredictionMade(
            project=late.project, image=late.image, prediction=late.id, model_version=late.model_version
        )


def unheard_jobs() -> Iterator[TrainingJobStateChanged]:
    """Jobs that ended without the door learning of it: the event is given again."""
    for job in catalogue().read(active_jobs):
        truth = training_jobs.describe(job.sagemaker_name)
        if truth is not None and truth.status in ("Completed", "Failed", "Stopped"):
            detail = TrainingJobDetail(job=job.sagemaker_name, status=truth.status)
            yield TrainingJobStateChanged(
                id=job.sagemaker_name,
                source="aws.sagemaker",
                detail_type="SageMaker Training Job State Change",
                time=now().isoformat(),
                detail=detail,
            )


handler = door(on_reconcile_due)
