"""The clock or a person asks whether training is due; if so, freeze a dataset version and request a job."""

import json
from datetime import UTC, datetime

from events.dataset import DatasetFrozen
from events.training import RetrainingConsidered, TrainingRequested
from medloop.aws import objects, queues
from medloop.aws.announcements import announce
from medloop.aws.door import door, logger
from medloop.catalogue.datasets import Dataset as DatasetRow
from medloop.catalogue.datasets import add_dataset
from medloop.catalogue.images import Image, count_labels_since, training_samples
from medloop.catalogue.jobs import active_jobs, latest_job
from medloop.catalogue.projects import list_projects
from medloop.catalogue.secret import Connection
from medloop.platform import catalogue, now
from medloop.rules.datasets import Dataset, LabelledImage, NotTrainable, freeze
from medloop.rules.project import Project
from medloop.rules.retraining import Due, TrainingHistory, is_retraining_due, job_name
from medloop.settings import settings

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def on_retraining_due(body: str) -> None:
    asked = RetrainingConsidered.model_validate_json(body)
    for project in catalogue().run(list_projects):
        if asked.project in (None, project.project):
            consider(project, asked)


def consider(project: Project, asked: RetrainingConsidered) -> None:
    history = catalogue().read(lambda conn: history_of(conn, project.project))
    decision = is_retraining_due(project.retraining, history, asked.cause, now())
    logger.info("retraining considered", project=project.project, due=decision.due, why=decision.why)
    if not decision.due:
        return
    try:
        dataset = freeze_now(project)
    except NotTrainable as error:
        logger.warning("not trainable", project=project.project, why=str(error))
        return
    if dataset.id != history.last_dataset or decision.cause == "person":
        request(project, dataset, decision, asked, history)


def history_of(conn: Connection, project: str) -> TrainingHistory:
    last = latest_job(conn, project)
    since = BEGINNING if last is None else last.requested_at
    return TrainingHistory(
        last_requested_at=None if last is None else last.requested_at,
        last_dataset=None if last is None else last.dataset,
        new_labels=count_labels_since(conn, project, since),
        job_active=bool(active_jobs(conn, project)),
    )


def labelled_image(image: Image) -> LabelledImage:
    label = image.label or ""
    return LabelledImage(image.id, image.array_path, image.array_sha256, label, image.patient_group)


def freeze_now(project: Project) -> Dataset:
    images = catalogue().read(lambda conn: training_samples(conn, project.project))
    labelled = (labelled_image(image) for image in images if image.label in project.classes)
    dataset = freeze(project.project, project.classes, labelled)
    folder = f"datasets/{project.project}/{dataset.id}"
    bucket = settings().curated_bucket
    listing = [{"prefix": f"s3://{bucket}/"}, *(sample.path for sample in dataset.samples)]
    objects.write(bucket, f"{folder}/objects.manifest", json.dumps(listing).encode())
    objects.write(bucket, f"{folder}/manifest.jsonl", dataset.manifest.encode())
    return dataset


def request(
    project: Project, dataset: Dataset, due: Due, asked: RetrainingConsidered, history: TrainingHistory
) -> None:
    occasion = asked.request or f"{history.last_requested_at}"
    job = job_name(settings().stage, project.project, dataset.id, occasion)
    wanted = TrainingRequested(project=project.project, dataset=dataset.id, job=job, cause=due.cause)
    counts = json.dumps(dataset.counts)
    row = DatasetRow(dataset.id, project.project, len(dataset.samples), counts, now())
    catalogue().run(lambda conn: add_dataset(conn, row))
    queues.send(settings().training_requests_queue_url, wanted)
    fact = DatasetFrozen(project=project.project, dataset=dataset.id, samples=len(dataset.samples))
    announce(settings().event_bus_name, fact)


handler = door(on_retraining_due)
