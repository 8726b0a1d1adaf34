"""What every message has in common: it is frozen, closed, and names things one way."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

ProjectName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
"""Lower-case letters, digits and hyphens, 1 to 32 characters: it becomes part of SageMaker names."""

ClassName = Annotated[str, Field(pattern=r"^[^/\x00-\x1f]{1,64}$")]
"""A label as people write it; also a folder name, so no slash."""

ImageId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""Hash of (bucket, key, version): the same object version always gets the same id."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal."""


Detail = TypeVar("Detail", bound=BaseModel)


class Message(BaseModel):
    """Base of everything medloop itself writes to a queue, a topic or a bus.

    Unknown fields are refused: a misspelt field must fail at the sender, not vanish.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServiceMessage(BaseModel):
    """Base of what an AWS service writes; fields we do not use are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Envelope(ServiceMessage, Generic[Detail]):
    """An EventBridge event as its targets receive it."""

    id: str
    source: str
    detail_type: str = Field(alias="detail-type")
    time: str
    detail: Detail
