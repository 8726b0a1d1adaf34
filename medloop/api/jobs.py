"""Training jobs: what trains, what waits and why, and how it goes."""

import uuid
from datetime import datetime
from typing import Literal

from aws_lambda_powertools.event_handler.api_gateway import Router

from events.evaluation import Evaluation
from events.training import RetrainingConsidered
from medloop.api.pages import DEFAULT, Cursor, Limit, Page, page_of, position_of
from medloop.api.paths import JobPath, ProjectPath
from medloop.api.problems import conflict, not_found
from medloop.api.resource import Resource
from medloop.aws import queues, training_jobs
from medloop.aws.job_logs import JobLog
from medloop.cancelling import cancel
from medloop.catalogue import jobs
from medloop.catalogue.pages import Position, page_of_jobs
from medloop.platform import catalogue
from medloop.rules.curves import epochs_in
from medloop.rules.gate import told_honestly
from medloop.settings import settings

router = Router()


class Job(Resource):
    name: str
    model_version: int
    dataset: str
    cause: str
    state: Literal["requested", "waiting_capacity", "running", "stopping", "completed", "failed", "stopped"]
    reason: str | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobDetails(Job):
    evaluation: Evaluation | None
    """The evidence that the gate decided on; null before the end."""


class TrainingAsked(Resource):
    request: str
    """Of this wish; the job appears in the list once its dataset is frozen."""


class Curves(Resource):
    epochs: list[dict[str, float]]
    """Of each epoch: `epoch`, `train_loss`, the validation metric, `learning_rate`, `seconds`."""


@router.get("/projects/<project>/jobs", operation_id="list_jobs", summary="Training jobs, newest first")
def list_jobs(project: ProjectPath, limit: Limit = DEFAULT, cursor: Cursor = "") -> Page[Job]:
    after = position_of(cursor)
    rows = catalogue().read(lambda conn: page_of_jobs(conn, project, after, limit))
    return page_of(rows, limit, lambda row: Position(row.requested_at, row.name), job_of)


@router.post(
    "/projects/<project>/jobs",
    operation_id="create_job",
    summary="Train on what is labelled now",
    status_code=202,
)
def create_job(project: ProjectPath) -> TrainingAsked:
    running = catalogue().read(lambda conn: jobs.active_jobs(conn, project))
    if running:
        raise conflict(
            "already-training",
            f"{running[0].name} is under way.",
            "Wait for its end, or cancel it.",
        )
    request = uuid.uuid4().hex
    wish = RetrainingConsidered(project=project, cause="person", request=request)
    queues.send(settings().retraining_checks_queue_url, wish)
    return TrainingAsked(request=request)


@router.get("/projects/<project>/jobs/<job>", operation_id="get_job", summary="A job and its evidence")
def get_job(project: ProjectPath, job: JobPath) -> JobDetails:
    row = known(project, job)
    evaluation = evidence_of(row.evaluation)
    return JobDetails(**dict(job_of(row)), evaluation=evaluation)


@router.get(
    "/projects/<project>/jobs/<job>/curves",
    operation_id="get_curves",
    summary="Loss and validation score of every epoch, also while it trains",
)
def get_curves(project: ProjectPath, job: JobPath) -> Curves:
    row = known(project, job)
    kept = training_jobs.read_history(settings().models_bucket, row.sagemaker_name) if is_over(row) else []
    return Curves(epochs=epochs_in(kept or JobLog(row.sagemaker_name).new_lines()))


@router.post(
    "/projects/<project>/jobs/<job>/cancel",
    operation_id="cancel_job",
    summary="Stop a job: what runs keeps its last checkpoint",
    status_code=202,
)
def cancel_job(project: ProjectPath, job: JobPath) -> Job:
    row = known(project, job)
    if is_over(row):
        raise conflict("ended", f"The job has ended: {row.state}.", "There is nothing to cancel.")
    return job_of(cancel(row))


def known(project: str, name: str) -> jobs.Job:
    """Raises Problem: 404."""
    found = catalogue().read(lambda conn: jobs.get_job(conn, name))
    if found is None or found.project != project:
        raise not_found("job")
    return found


def evidence_of(evaluation: str | None) -> Evaluation | None:
    return told_honestly(Evaluation.model_validate_json(evaluation)) if evaluation else None


def is_over(row: jobs.Job) -> bool:
    return row.state in jobs.ENDED


def job_of(row: jobs.Job) -> Job:
    stopping = row.state == "running" and row.cancelled_at is not None
    return Job(
        name=row.name,
        model_version=row.model_version,
        dataset=row.dataset,
        cause=row.cause,
        state="stopping" if stopping else row.state,
        reason=row.reason,
        requested_at=row.requested_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
