"""An object version arrives in the uploads bucket, and what became of it."""

from typing import Literal

from pydantic import Field

from events.message import Envelope, ImageId, Message, ServiceMessage


class Bucket(ServiceMessage):
    name: str


class S3Object(ServiceMessage):
    """The object of an S3 event. EventBridge delivers the key as stored, not URL-encoded."""

    key: str
    size: int = Field(ge=0, default=0)
    etag: str = ""
    version_id: str = Field(alias="version-id", default="null")
    sequencer: str = ""


class ObjectCreatedDetail(ServiceMessage):
    bucket: Bucket
    object: S3Object


class ObjectCreated(Envelope[ObjectCreatedDetail]):
    """aws.s3 › Object Created, on the intake queue."""

    source: Literal["aws.s3"]


class ObjectRediscovered(Message):
    """An object version that no event announced, or that is to be looked at again.

    Sent by the reconciler, and when a project appears after its images.
    """

    kind: Literal["ObjectRediscovered"] = "ObjectRediscovered"
    bucket: str
    key: str
    version_id: str
    size: int = Field(ge=0)


class ArchiveUploaded(Message):
    """An archive is to be unpacked. Names it by its upload: the key, which may hold a name, stays behind."""

    kind: Literal["ArchiveUploaded"] = "ArchiveUploaded"
    upload: ImageId


class UploadQuarantined(Message):
    """An upload was refused for good. Carries the reason code, never the key or any header."""

    kind: Literal["UploadQuarantined"] = "UploadQuarantined"
    upload: ImageId
    project: str | None
    reason: str
