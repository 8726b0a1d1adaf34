"""What a prediction is given back as: `result.json` and the files it lists."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from events.dataset import Task
from events.evaluation import Fraction
from events.message import Digest, ImageId, Message, ProjectName

ResultKind = Literal["json", "overlay", "mask", "dicom-seg", "dicom-sr", "dicom-sc"]


class ResultFile(Message):
    """One form of the result."""

    kind: ResultKind
    name: str = Field(pattern=r"^[a-z.]{1,64}$")
    """Beside result.json."""
    media_type: str
    bytes: int = Field(ge=0)
    sha256: Digest


class Result(Message):
    """`result.json` of one prediction."""

    format: Literal["medloop-result-1"] = "medloop-result-1"
    prediction: str
    project: ProjectName
    image: ImageId
    model_version: int = Field(ge=1)
    dataset: Digest
    """The frozen version that the model was trained on."""
    task: Task
    label: str
    """The class; several as `a | b`; of a segmentation, the structures found; `none` for nothing."""
    confidence: Fraction
    """Calibrated, of this label."""
    probabilities: dict[str, Fraction] = {}
    """Of every class."""
    volumes: dict[str, Annotated[float, Field(ge=0.0)]] = {}
    """Of every structure, in `volume_unit`."""
    volume_unit: Literal["ml", "pixels"] | None = None
    input_sha256: Digest
    """Of the array that the model saw."""
    source_sha256: Digest
    """Of the upload; of a series, of its files' hashes together."""
    warnings: tuple[str, ...] = ()
    """What makes the answer less certain than its confidence says, and forms that could not be written."""
    answered_at: datetime
    files: tuple[ResultFile, ...] = ()
