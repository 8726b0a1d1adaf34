"""A dataset version: an immutable list of samples, the same for training, evaluation and audit."""

from typing import Literal

from pydantic import Field

from events.message import ClassName, Digest, ImageId, Message, ProjectName

Split = Literal["train", "validation", "test"]

Task = Literal["classification", "multilabel", "segmentation"]
"""One class an image, any number of classes an image, or one class a pixel or voxel."""


class Mask(Message):
    """Which voxels of an image are what; as large as its image and in the same place."""

    path: str
    """Where it lies, relative to the curated bucket."""
    sha256: Digest
    """Of the file's bytes."""
    source: ImageId
    """The upload that it came with."""


class Sample(Message):
    """One line of `manifest.jsonl`."""

    image: ImageId
    path: str
    """Where the array lies, relative to the curated bucket: .npy for a picture, .nii.gz for a volume."""
    sha256: Digest
    """Of the array file's bytes."""
    labels: tuple[ClassName, ...] = ()
    """One for classification, any number for multi-label, none where the mask says it."""
    split: Split
    group: str
    """Pseudonymous patient, or the content hash where no patient is known: never on two sides."""
    content: Digest | None = None
    """Of the uploaded bytes, where the image's lineage begins; of all slices' for a volume."""
    source: ImageId | None = None
    """The upload that says the label: a CSV, or the image itself where its folder says it."""
    line: int = 0
    """Of that CSV; 0 for a folder."""
    mask: Mask | None = None
    attributes: dict[str, str] = {}
    """Scanner, site, sex or age band, as far as the project keeps them: subgroups to judge a model on."""


class Shard(Message):
    """Many samples' files in one tar, named by the hash of what it holds."""

    path: str
    """Relative to the curated bucket."""
    sha256: Digest
    """Of the tar's bytes."""
    size: int = Field(ge=0)
    """Bytes."""
    samples: int = Field(gt=0)
    split: Split


class DatasetContents(Message):
    """`dataset.json`, written last: a version without it is not complete."""

    project: ProjectName
    dataset: Digest
    spatial_dims: Literal[2, 3]
    samples: int = Field(gt=0)
    groups: int = Field(gt=0)
    """Patients, as far as they are known."""
    balance: dict[Split, dict[str, int]]
    """Images per side and class."""
    excluded: dict[str, int]
    """Images left out, per reason; `exclusions.jsonl` names each."""
    unmatched_labels: int
    """Labels whose image was not there."""
    sources: dict[str, int]
    """Images per origin of their label: `folder`, or the upload id of a CSV."""
    shards: tuple[Shard, ...]


class Exclusion(Message):
    """One line of `exclusions.jsonl`: an image that the version leaves out."""

    image: ImageId
    reason: str
    like: ImageId | None = None
    """The image that it is a copy of."""


class DatasetFrozen(Message):
    """A dataset version exists. Its id is the hash of its samples: same input, same id."""

    kind: Literal["DatasetFrozen"] = "DatasetFrozen"
    project: ProjectName
    dataset: Digest
    samples: int = Field(gt=0)
