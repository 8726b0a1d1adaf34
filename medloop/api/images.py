"""What was uploaded: its state, the reason for it, and the picture."""

import json
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import JsonValue

from events.uploads import ObjectRediscovered
from medloop.api.pages import DEFAULT, Cursor, Limit, Page, page_of, position_of
from medloop.api.paths import ImagePath, ProjectPath
from medloop.api.problems import Problem, conflict, not_found, unusable
from medloop.api.resource import Resource, caller
from medloop.aws import objects, presigned, queues
from medloop.catalogue.images import get_image as find_image
from medloop.catalogue.pages import Position, page_of_uploads
from medloop.catalogue.uploads import (
    Selection,
    Upload,
    get_upload,
    key_hash,
    release_uploads,
    retry_uploads,
)
from medloop.platform import catalogue, now
from medloop.rules.access import Caller
from medloop.rules.reasons import Reason
from medloop.rules.review import may_release
from medloop.settings import settings

router = Router()

State = Literal["received", "accepted", "quarantined", "ignored"]

FILES = 100
"""Verdicts that can be asked for at once."""


class Image(Resource):
    id: str
    state: State
    purpose: str | None
    label: str | None
    """The class folder that it came in."""
    reason: str | None
    """A stable code; docs/reasons.md explains them all."""
    sentence: str | None
    hint: str | None
    facts: dict[str, JsonValue]
    """What was measured, such as expected and actual bytes."""
    releasable: bool
    """A person may overrule the reason."""
    file: str | None
    """What `create_uploads` called it."""
    name: str | None
    """As it was uploaded; null for a medical reader, since it may name a patient."""
    size: int
    received_at: datetime
    decided_at: datetime | None


class ImageDetails(Image):
    dims: int | None
    """2 for a picture, 3 for a volume; null where nothing was accepted."""
    format: str | None
    modality: str | None
    shape: list[int] | None
    """Rows and columns of a picture, x, y, z of a volume."""
    spacing: list[float] | None
    """Millimetres from row to row and from column to column, where they are calibrated."""
    warnings: list[str]
    """How the file deviates from the standard and was taken in all the same."""
    found: dict[str, JsonValue]
    """Whatever else was found in the file."""


class ImageContent(Resource):
    url: str
    """Good for a quarter of an hour."""
    media_type: Literal["application/x-npy", "application/gzip"]
    """float32 values of a picture, or a NIfTI volume."""
    sha256: str
    expires_at: datetime


@router.get(
    "/projects/<project>/images",
    operation_id="list_images",
    summary="What was uploaded, newest first",
)
def list_images(
    project: ProjectPath,
    state: State | None = None,
    reason: Annotated[str | None, Query(pattern=r"^[a-z_]{1,60}$")] = None,
    purpose: Annotated[str | None, Query(pattern=r"^[a-z]{1,20}$")] = None,
    file: Annotated[
        str | None, Query(pattern=r"^[0-9a-f]{64}(,[0-9a-f]{64})*$", description="Hashes, comma-separated.")
    ] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = "",
) -> Page[Image]:
    files = None if file is None else file.split(",")
    if files is not None and len(files) > FILES:
        raise unusable(
            "too-many-files", f"At most {FILES} files at once.", "Ask for them in several requests."
        )
    after, asking = position_of(cursor), caller(router)
    rows = catalogue().read(
        lambda conn: page_of_uploads(conn, project, after, limit, state, reason, purpose, files)
    )
    return page_of(
        rows, limit, lambda row: Position(row.received_at, row.id), lambda row: image_of(row, asking)
    )


@router.get("/projects/<project>/images/<image>", operation_id="get_image", summary="One image")
def get_image(project: ProjectPath, image: ImagePath) -> ImageDetails:
    return details_of(known(project, image), caller(router))


@router.get(
    "/projects/<project>/images/<image>/content",
    operation_id="get_image_content",
    summary="Where to fetch the picture, de-identified",
)
def get_image_content(project: ProjectPath, image: ImagePath) -> ImageContent:
    known(project, image)
    row = catalogue().read(lambda conn: find_image(conn, image))
    if row is None:
        raise conflict("no-picture", "The upload is no accepted image.", "Its state and reason say why.")
    bucket, instant = settings().curated_bucket, now()
    if not objects.exists(bucket, row.array_path):
        raise Problem(HTTPStatus.GONE, "gone", "The picture was deleted.", "Upload the image again.")
    signed = presigned.reading(bucket, row.array_path, instant)
    return ImageContent(
        url=signed.url,
        media_type="application/x-npy" if row.array_path.endswith(".npy") else "application/gzip",
        sha256=row.array_sha256,
        expires_at=signed.expires_at,
    )


@router.post(
    "/projects/<project>/images/<image>/release",
    operation_id="release_image",
    summary="Take in what a person has looked at: its reason is overruled for good",
    status_code=202,
)
def release_image(project: ProjectPath, image: ImagePath) -> ImageDetails:
    row = quarantined(project, image)
    if not may_overrule(row):
        raise conflict(
            "not-releasable", f"{row.reason} cannot be overruled.", "Mend the file and upload it again."
        )
    rows = catalogue().run(lambda conn: release_uploads(conn, Selection(project=project, id=image), now()))
    return looked_at_again(row, rows)


@router.post(
    "/projects/<project>/images/<image>/retry",
    operation_id="retry_image",
    summary="Have it looked at again, after the project or medloop changed",
    status_code=202,
)
def retry_image(project: ProjectPath, image: ImagePath) -> ImageDetails:
    row = quarantined(project, image)
    rows = catalogue().run(lambda conn: retry_uploads(conn, Selection(project=project, id=image), now()))
    return looked_at_again(row, rows)


def looked_at_again(row: Upload, reopened: list[Upload]) -> ImageDetails:
    """Its message again; should it be lost after the commit, the reconciler finds the upload undecided."""
    message = ObjectRediscovered(bucket=row.bucket, key=row.key, version_id=row.version_id, size=row.size)
    queues.send(settings().intake_queue_url, message)
    return details_of(next(iter(reopened), row), caller(router))


def known(project: str, image: str) -> Upload:
    """Raises Problem: 404."""
    row = catalogue().read(lambda conn: get_upload(conn, image))
    if row is None or row.project != project:
        raise not_found("image")
    return row


def quarantined(project: str, image: str) -> Upload:
    """Raises Problem: 404, or 409 where it is not held."""
    row = known(project, image)
    if row.state != "quarantined":
        raise conflict("not-quarantined", f"The image is {row.state}.", "There is nothing to decide.")
    return row


def may_overrule(row: Upload) -> bool:
    return row.state == "quarantined" and row.reason in set(Reason) and may_release(Reason(row.reason))


def image_of(row: Upload, asking: Caller) -> Image:
    explanation = Reason(row.reason).explanation if row.reason in set(Reason) else None
    place = row.key.split("/")
    return Image(
        id=row.id,
        state=row.state,
        purpose=row.purpose,
        label=place[2] if row.purpose == "labelled" and len(place) > 3 else None,
        reason=row.reason,
        sentence=explanation and explanation.sentence,
        hint=explanation and explanation.hint,
        facts=json.loads(row.details) if row.details else {},
        releasable=may_overrule(row),
        file=key_hash(row.key),
        name=None if asking.role == "medical-reader" else "/".join(place[1:]),
        size=row.size,
        received_at=row.received_at,
        decided_at=row.finished_at,
    )


def details_of(row: Upload, asking: Caller) -> ImageDetails:
    found = catalogue().read(lambda conn: find_image(conn, row.id))
    facts: dict[str, JsonValue] = json.loads(found.facts) if found else {}
    geometry = json.loads(found.geometry) if found and found.geometry else {}
    is_calibrated = facts.get("spacing") == "calibrated"
    return ImageDetails.model_validate(
        {
            **dict(image_of(row, asking)),
            "dims": (found.dims or 2) if found else None,
            "format": facts.get("format"),
            "modality": facts.get("modality"),
            "shape": geometry.get("shape"),
            "spacing": [facts["row_mm"], facts["column_mm"]] if is_calibrated and "row_mm" in facts else None,
            "warnings": [word for word in str(facts.get("deviations", "")).split(",") if word],
            "found": facts,
        }
    )
