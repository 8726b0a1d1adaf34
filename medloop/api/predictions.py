"""What champions answered, the files it is given back as, and what readers say of it."""

import base64
import json
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query

from events.message import ClassName
from medloop.api.existing import existing_project
from medloop.api.pages import DEFAULT, Cursor, Limit, Page, page_of, position_of
from medloop.api.paths import KindPath, PredictionPath, ProjectPath
from medloop.api.problems import FieldProblem, Problem, conflict, not_found, unusable
from medloop.api.resource import Resource, Wish, caller
from medloop.aws import objects, presigned
from medloop.catalogue import predictions
from medloop.catalogue.pages import Position, page_of_predictions
from medloop.catalogue.results import ResultRow, results_of
from medloop.catalogue.reviews import Review as ReviewRow
from medloop.catalogue.reviews import Verdict, reviews_of
from medloop.catalogue.reviews import put_review as store_review
from medloop.platform import catalogue, now
from medloop.settings import settings

router = Router()

State = Literal["requested", "done", "failed"]


class Review(Resource):
    reader: str
    verdict: Verdict
    label: str | None
    """Proposed instead, by who disagrees."""
    at: datetime


class Prediction(Resource):
    id: str
    image: str
    model_version: int
    state: State
    label: str | None
    confidence: float | None
    probabilities: dict[str, float]
    """Of every class, calibrated; empty for a segmentation."""
    volumes: dict[str, float] | None
    """Of every structure: millilitres, or pixels of a picture; null for other tasks."""
    warnings: list[str]
    reason: str | None
    """Why there is no answer."""
    requested_at: datetime
    finished_at: datetime | None
    reviews: list[Review]


class ResultFile(Resource):
    kind: str
    media_type: str
    bytes: int
    sha256: str


class PredictionDetails(Prediction):
    files: list[ResultFile]


class ResultAddress(ResultFile):
    url: str
    """Good for a quarter of an hour; hold what comes against `sha256`."""
    expires_at: datetime


class ReviewWish(Wish):
    verdict: Verdict
    label: ClassName | None = None
    """One of the project's classes, of who disagrees."""


@router.get(
    "/projects/<project>/predictions", operation_id="list_predictions", summary="Predictions, newest first"
)
def list_predictions(
    project: ProjectPath,
    state: State | None = None,
    image: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = "",
) -> Page[Prediction]:
    after = position_of(cursor)
    rows = catalogue().read(lambda conn: page_of_predictions(conn, project, after, limit, state, image))
    said = catalogue().read(lambda conn: reviews_of(conn, [row.id for row in rows]))
    return page_of(
        rows,
        limit,
        lambda row: Position(row.requested_at, row.id),
        lambda row: prediction_of(row, said.get(row.id, [])),
    )


@router.get(
    "/projects/<project>/predictions/<prediction>",
    operation_id="get_prediction",
    summary="A prediction and its files",
)
def get_prediction(project: ProjectPath, prediction: PredictionPath) -> PredictionDetails:
    row = known(project, prediction)
    said, files = catalogue().read(
        lambda conn: (reviews_of(conn, [row.id]).get(row.id, []), results_of(conn, row.id))
    )
    return PredictionDetails(**dict(prediction_of(row, said)), files=[file_of(file) for file in files])


@router.get(
    "/projects/<project>/predictions/<prediction>/files/<kind>",
    operation_id="get_prediction_file",
    summary="Where to fetch a file of a prediction",
)
def get_prediction_file(project: ProjectPath, prediction: PredictionPath, kind: KindPath) -> ResultAddress:
    row = known(project, prediction)
    files = catalogue().read(lambda conn: results_of(conn, row.id))
    file = next((file for file in files if file.kind == kind), None)
    if file is None:
        raise not_found("file")
    hold_against_what_was_written(file)
    signed = presigned.reading(settings().predictions_bucket, file.path, now())
    return ResultAddress(**dict(file_of(file)), url=signed.url, expires_at=signed.expires_at)


@router.put(
    "/projects/<project>/predictions/<prediction>/review",
    operation_id="put_review",
    summary="Agree or disagree; the label is a proposal, nothing is trained on it",
)
def put_review(project: ProjectPath, prediction: PredictionPath, wish: ReviewWish) -> Review:
    row = known(project, prediction)
    if row.state != "done":
        raise conflict("no-answer", "There is no answer to review.", "Wait for it.")
    if wish.label is not None and wish.label not in existing_project(project).classes:
        raise unusable(
            "unknown-class",
            "The project has no such class.",
            "Propose one of its classes, or none.",
            FieldProblem(field="body.label", problem="unknown"),
        )
    said = ReviewRow(row.id, caller(router).name, wish.verdict, wish.label, now())
    catalogue().run(lambda conn: store_review(conn, said))
    return review_of(said)


def hold_against_what_was_written(file: ResultRow) -> None:
    """By the checksum that S3 took of the object. Raises Problem: 409, 410."""
    written = objects.checksum(settings().predictions_bucket, file.path)
    if written is None:
        raise Problem(HTTPStatus.GONE, "gone", "The file was deleted.", "An engineer can have it made again.")
    if written != base64.b64encode(bytes.fromhex(file.sha256)).decode():
        raise conflict(
            "tampered",
            "The file is not what was written: somebody changed it.",
            "Do not use it; tell an engineer.",
        )


def known(project: str, prediction: str) -> predictions.Prediction:
    """Raises Problem: 404."""
    row = catalogue().read(lambda conn: predictions.get_prediction(conn, prediction))
    if row is None or row.project != project:
        raise not_found("prediction")
    return row


def prediction_of(row: predictions.Prediction, said: list[ReviewRow]) -> Prediction:
    return Prediction(
        id=row.id,
        image=row.image,
        model_version=row.model_version,
        state=row.state,
        label=row.label,
        confidence=row.confidence,
        probabilities=json.loads(row.probabilities) if row.probabilities else {},
        volumes=json.loads(row.volumes) if row.volumes else None,
        warnings=json.loads(row.warnings) if row.warnings else [],
        reason=row.reason,
        requested_at=row.requested_at,
        finished_at=row.finished_at,
        reviews=[review_of(one) for one in said],
    )


def review_of(row: ReviewRow) -> Review:
    return Review(reader=row.reader, verdict=row.verdict, label=row.label, at=row.reviewed_at)


def file_of(row: ResultRow) -> ResultFile:
    return ResultFile(kind=row.kind, media_type=row.media_type, bytes=row.bytes, sha256=row.sha256)
