"""A dataset version: an immutable list of samples, the same for training, evaluation and audit."""

from typing import Literal

from pydantic import Field

from events.message import ClassName, Digest, ImageId, Message, ProjectName

Split = Literal["train", "validation", "test"]


class Sample(Message):
    """One line of `manifest.jsonl`."""

    image: ImageId
    path: str
    """Where the array lies, relative to the curated bucket and to the `images` channel."""
    sha256: Digest
    """Of the array file's bytes."""
    label: ClassName
    split: Split
    group: str
    """Pseudonymous patient, or the content hash where no patient is known: never on two sides."""


class DatasetFrozen(Message):
    """A dataset version exists. Its id is the hash of its samples: same input, same id."""

    kind: Literal["DatasetFrozen"] = "DatasetFrozen"
    project: ProjectName
    dataset: Digest
    samples: int = Field(gt=0)
