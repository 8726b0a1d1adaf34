"""Uploads straight into S3: addresses for small files, parts for large ones that survive a lost line."""

import base64
import binascii
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.api_gateway import Router
from pydantic import Field, ValidationError

from events.message import ClassName
from medloop.api.existing import existing_project
from medloop.api.paths import ProjectPath
from medloop.api.problems import FieldProblem, Problem, conflict, not_found, unusable
from medloop.api.resource import Resource, Wish
from medloop.aws import multipart, presigned
from medloop.aws.multipart import NoSuchUpload, Part
from medloop.catalogue.uploads import key_hash
from medloop.platform import now
from medloop.rules.intake import check_size
from medloop.rules.keys import parse_key, same_label
from medloop.rules.project import Project
from medloop.rules.reasons import Refused
from medloop.settings import settings

router = Router()

PART_BYTES = 64 * 2**20
"""What is larger goes in parts of this size: the largest archive has 800 of the 10 000 that S3 takes."""

LONGEST_NAME = 800
"""Bytes in UTF-8, of the 1024 that a key may have."""


class File(Wish):
    name: str = Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")
    """Folders included: `scan 1/slice 001.dcm`."""
    size: int = Field(ge=0, le=2**43)
    """Bytes."""


class UploadWish(Wish):
    purpose: Literal["labelled", "images", "labels", "predict"]
    label: ClassName | None = None
    """The class of them all, where the purpose is `labelled`."""
    files: list[File] = Field(min_length=1, max_length=100)


class UploadAddress(Resource):
    name: str
    file: str
    """What to ask the verdict by: `list_images?file=…`."""
    url: str | None = None
    """PUT exactly `size` bytes here, with `headers`; null for what goes in parts."""
    headers: dict[str, str] = {}
    session: str | None = None
    """Of an upload in parts."""
    part_bytes: int | None = None
    """Of every part but the last."""
    parts: int | None = None


class UploadAddresses(Resource):
    files: list[UploadAddress]


class Session(Resource):
    """Which upload in parts is meant; it holds nothing that the browser may not see or change."""

    key: str
    upload: str
    size: int = Field(ge=0)


class PartsWish(Wish):
    session: Annotated[str, Field(max_length=4000)]
    numbers: list[Annotated[int, Field(ge=1, le=10_000)]] = Field(max_length=1000)


class PartAddress(Resource):
    number: int
    url: str


class PartPresent(Resource):
    number: int
    etag: str
    size: int


class PartAddresses(Resource):
    parts: list[PartAddress]
    present: list[PartPresent]
    """What arrived before, and need not be sent again."""


class SessionWish(Wish):
    session: Annotated[str, Field(max_length=4000)]


class FileTaken(Resource):
    file: str


@router.post(
    "/projects/<project>/uploads", operation_id="create_uploads", summary="Where to send files, at most 100"
)
def create_uploads(project: ProjectPath, wish: UploadWish) -> UploadAddresses:
    label = class_of(existing_project(project), wish)
    keys = [key_for(project, wish.purpose, label, number, file) for number, file in enumerate(wish.files)]
    return UploadAddresses(files=[address_of(key, file) for key, file in zip(keys, wish.files, strict=True)])


@router.post(
    "/projects/<project>/uploads/parts",
    operation_id="sign_parts",
    summary="Where to send parts, and which are there",
)
def sign_parts(project: ProjectPath, wish: PartsWish) -> PartAddresses:
    session = session_of(project, wish.session)
    bucket = settings().uploads_bucket
    present = arrived(session)
    signed = [
        PartAddress(
            number=number,
            url=presigned.writing_part(bucket, session.key, session.upload, number, now()).url,
        )
        for number in wish.numbers
    ]
    return PartAddresses(
        parts=signed, present=[PartPresent(number=p.number, etag=p.etag, size=p.size) for p in present]
    )


@router.post(
    "/projects/<project>/uploads/complete",
    operation_id="complete_upload",
    summary="Put the parts together",
)
def complete_upload(project: ProjectPath, wish: SessionWish) -> FileTaken:
    session = session_of(project, wish.session)
    present = arrived(session)
    size = sum(part.size for part in present)
    if size != session.size or [part.number for part in present] != list(range(1, len(present) + 1)):
        raise conflict(
            "parts-missing",
            f"{size} of {session.size} bytes have arrived.",
            "Send the missing parts, or abort the upload and begin again.",
        )
    try:
        multipart.complete(settings().uploads_bucket, session.key, session.upload, present)
    except NoSuchUpload:
        raise ended() from None
    return FileTaken(file=key_hash(session.key))


@router.post("/projects/<project>/uploads/abort", operation_id="abort_upload", summary="Throw the parts away")
def abort_upload(project: ProjectPath, wish: SessionWish) -> FileTaken:
    session = session_of(project, wish.session)
    multipart.abort(settings().uploads_bucket, session.key, session.upload)
    return FileTaken(file=key_hash(session.key))


def class_of(project: Project, wish: UploadWish) -> str | None:
    """As the project spells it. Raises Problem: a class is missing, unknown or not wanted."""
    if (wish.purpose == "labelled") != (wish.label is not None):
        raise unusable("label", "Labelled files have a label, and no others.", "Give one, or leave it out.")
    if wish.label is None:
        return None
    label = wish.label
    found = next((name for name in project.classes if same_label(name, label)), None)
    if found is None:
        raise unusable(
            "unknown-class",
            "The project has no such class.",
            f"It has {', '.join(project.classes)}.",
            FieldProblem(field="body.label", problem="unknown"),
        )
    return found


def key_for(project: str, purpose: str, label: str | None, number: int, file: File) -> str:
    """Raises Problem: the name cannot be one in a bucket, or the file is too large."""
    folder = purpose if label is None else f"{purpose}/{label}"
    key = f"{project}/{folder}/{file.name}"
    field = f"body.files.{number}"
    if {"", ".", ".."} & set(file.name.split("/")) or len(file.name.encode()) > LONGEST_NAME:
        # A browser would resolve them, and ask S3 for another key than was signed.
        raise unusable(
            "unusable-name",
            "A file's name has empty, dotted or too many parts.",
            "Rename it.",
            FieldProblem(field=f"{field}.name", problem="unusable"),
        )
    try:
        check_size(parse_key(key), file.size)
    except Refused as refusal:
        explanation = refusal.reason.explanation
        raise unusable(
            refusal.reason.value.replace("_", "-"),
            explanation.sentence,
            explanation.hint,
            FieldProblem(field=field, problem=refusal.reason.value),
        ) from None
    return key


def address_of(key: str, file: File) -> UploadAddress:
    bucket = settings().uploads_bucket
    name, hashed = file.name, key_hash(key)
    if file.size <= PART_BYTES:
        return UploadAddress(name=name, file=hashed, url=presigned.writing(bucket, key, file.size, now()).url)
    session = Session(key=key, upload=multipart.begin(bucket, key), size=file.size)
    return UploadAddress(
        name=name,
        file=hashed,
        session=base64.urlsafe_b64encode(session.model_dump_json().encode()).decode(),
        part_bytes=PART_BYTES,
        parts=-(-file.size // PART_BYTES),
    )


def session_of(project: str, text: str) -> Session:
    """Raises Problem: none of ours, or another project's."""
    try:
        session = Session.model_validate_json(base64.urlsafe_b64decode(text))
        place = parse_key(session.key)
    except (ValidationError, binascii.Error, ValueError, Refused):
        raise unusable("invalid-session", "The session is none of ours.", "Begin the upload again.") from None
    if place.project != project:
        raise not_found("upload")
    return session


def arrived(session: Session) -> list[Part]:
    """Raises Problem: 409."""
    try:
        return multipart.parts(settings().uploads_bucket, session.key, session.upload)
    except NoSuchUpload:
        raise ended() from None


def ended() -> Problem:
    return conflict(
        "upload-ended",
        "This upload was completed or thrown away before.",
        "Ask for its verdict, or begin again.",
    )
