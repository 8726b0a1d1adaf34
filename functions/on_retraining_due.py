"""The clock or a person asks whether training is due; if so, freeze a dataset version and request a job."""

from datetime import UTC, datetime

from events.dataset import DatasetFrozen
from events.training import RetrainingConsidered, TrainingRequested
from medloop.aws import queues
from medloop.aws.announcements import announce
from medloop.aws.door import door, logger
from medloop.catalogue.images import count_labels_since
from medloop.catalogue.jobs import active_jobs, latest_job
from medloop.catalogue.projects import list_projects
from medloop.catalogue.secret import Connection
from medloop.freezing import freeze_dataset
from medloop.platform import catalogue, now
from medloop.rules.datasets import Dataset, NotTrainable
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
        dataset = freeze_dataset(project, catalogue(), settings().curated_bucket, now()).dataset
    except NotTrainable as error:
        logger.warning("not trainable", project=project.project, why=str(error), excluded=error.excluded)
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


def request(
    project: Project, dataset: Dataset, due: Due, asked: RetrainingConsidered, history: TrainingHistory
) -> None:
    occasion = asked.request or f"{history.last_requested_at}"
    job = job_name(settings().stage, project.project, dataset.id, occasion)
    wanted = TrainingRequested(project=project.project, dataset=dataset.id, job=job, cause=due.cause)
    queues.send(settings().training_requests_queue_url, wanted)
    fact = DatasetFrozen(project=project.project, dataset=dataset.id, samples=len(dataset.samples))
    announce(settings().event_bus_name, fact)


handler = door(on_retraining_due)
