"""Model versions with the evidence for each, and a person's word on them."""

import json
from datetime import datetime
from typing import Literal

from aws_lambda_powertools.event_handler.api_gateway import Router

from events.dataset import Task
from events.evaluation import METRICS, Evaluation, Metric
from events.models import PromotionRequested
from medloop.api.existing import existing_project
from medloop.api.jobs import evidence_of
from medloop.api.pages import DEFAULT, Cursor, Limit, Page, page_of_all
from medloop.api.paths import FilePath, ProjectPath, VersionPath
from medloop.api.problems import conflict, not_found
from medloop.api.resource import Resource
from medloop.aws import evidence, objects, presigned, queues
from medloop.catalogue import models
from medloop.catalogue.jobs import get_job
from medloop.platform import catalogue, now
from medloop.settings import settings

router = Router()


class Model(Resource):
    version: int
    state: Literal["evaluated", "refused", "approved", "deploying", "champion", "retired", "rolled_back"]
    metric: Metric
    """That of the project's task."""
    score: float
    """On the locked test images."""
    low: float
    high: float
    """Its 95 % interval."""
    gate_reason: str | None
    job: str
    created_at: datetime
    approved_at: datetime | None
    promoted_at: datetime | None


class EvidenceFile(Resource):
    name: str
    media_type: str


class ModelDetails(Model):
    evaluation: Evaluation | None
    files: list[EvidenceFile]
    """The model card and its pictures."""


class Address(Resource):
    url: str
    """Good for a quarter of an hour."""
    media_type: str
    expires_at: datetime


@router.get("/projects/<project>/models", operation_id="list_models", summary="Versions, newest first")
def list_models(project: ProjectPath, limit: Limit = DEFAULT, cursor: Cursor = "") -> Page[Model]:
    task = existing_project(project).task
    rows = catalogue().read(lambda conn: models.list_models(conn, project))
    return page_of_all(rows, limit, cursor, lambda row: str(row.version), lambda row: model_of(row, task))


@router.get(
    "/projects/<project>/models/<version>", operation_id="get_model", summary="A version and its evidence"
)
def get_model(project: ProjectPath, version: VersionPath) -> ModelDetails:
    row = known(project, version)
    job = catalogue().read(lambda conn: get_job(conn, row.job))
    evaluation = evidence_of(job.evaluation) if job else None
    names = evidence.names(settings().models_bucket, project, version)
    files = [EvidenceFile(name=name, media_type=evidence.media_type_of(name)) for name in names]
    return ModelDetails(**dict(model_of(row, task_of(row))), evaluation=evaluation, files=files)


@router.get(
    "/projects/<project>/models/<version>/files/<file>",
    operation_id="get_model_file",
    summary="Where to fetch a file of the evidence",
)
def get_model_file(project: ProjectPath, version: VersionPath, file: FilePath) -> Address:
    known(project, version)
    bucket, key = settings().models_bucket, evidence.key_of(project, version, file)
    if not objects.exists(bucket, key):
        raise not_found("file")
    signed = presigned.reading(bucket, key, now())
    return Address(url=signed.url, media_type=evidence.media_type_of(file), expires_at=signed.expires_at)


@router.post(
    "/projects/<project>/models/<version>/approve",
    operation_id="approve_model",
    summary="Release what the gate refused or has not judged",
    status_code=202,
)
def approve_model(project: ProjectPath, version: VersionPath) -> Model:
    row = known(project, version)
    if row.state not in ("evaluated", "refused", "approved"):
        raise conflict("not-waiting", f"Version {version} is {row.state}.", "Promote it instead.")
    return crowned(row, "promote")


@router.post(
    "/projects/<project>/models/<version>/promote",
    operation_id="promote_model",
    summary="Make a version the champion, whatever the gate said",
    status_code=202,
)
def promote_model(project: ProjectPath, version: VersionPath) -> Model:
    row = known(project, version)
    if row.state in ("champion", "deploying"):
        raise conflict("is-champion", f"Version {version} is {row.state}.", "There is nothing to do.")
    return crowned(row, "promote")


@router.post(
    "/projects/<project>/rollback",
    operation_id="rollback_model",
    summary="Go back to the champion before this one",
    status_code=202,
)
def rollback_model(project: ProjectPath) -> Model:
    row = catalogue().read(lambda conn: models.previous_champion(conn, project))
    if row is None:
        raise conflict(
            "no-former-champion", "The project never had another champion.", "Promote a version instead."
        )
    return crowned(row, "rollback")


def crowned(row: models.Model, cause: Literal["promote", "rollback"]) -> Model:
    """Asks the door that releases; the version's state tells how far it is."""
    wish = PromotionRequested(project=row.project, version=row.version, cause=cause)
    queues.send(settings().model_approvals_queue_url, wish)
    return model_of(row, task_of(row))


def known(project: str, version: int) -> models.Model:
    """Raises Problem: 404."""
    found = catalogue().read(lambda conn: models.get_model(conn, project, version))
    if found is None:
        raise not_found("model version")
    return found


def task_of(row: models.Model) -> Task:
    return existing_project(row.project).task


def model_of(row: models.Model, task: Task) -> Model:
    scores = json.loads(row.metrics)
    return Model(
        metric=METRICS[task],
        version=row.version,
        state=row.state,
        score=scores["value"],
        low=scores["interval"]["low"],
        high=scores["interval"]["high"],
        gate_reason=row.gate_reason,
        job=row.job,
        created_at=row.created_at,
        approved_at=row.approved_at,
        promoted_at=row.promoted_at,
    )
