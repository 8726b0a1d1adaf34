"""The SageMaker container contract: where things lie, what the job was told, how it says why it failed."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json, ValidationError

from events.dataset import Task
from events.message import ClassName, Digest, ProjectName
from training.failures import TrainingFailed

FAILURE_LENGTH = 1024
"""SageMaker shows this many characters of the failure file as FailureReason."""


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


class Job(BaseModel):
    """Hyperparameters: SageMaker hands every value over as a string."""

    # The SageMaker SDK adds hyperparameters of its own, so unknown ones are not an error.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    project: ProjectName
    dataset: Digest
    model_version: int = Field(ge=1)
    task: Task = "classification"
    spatial_dims: Annotated[Literal[2, 3], BeforeValidator(int)] = 2
    recipe: str
    overrides: Json[dict[str, Any]]
    """Fields of the recipe with other values."""
    classes: Json[Annotated[tuple[ClassName, ...], Field(min_length=1)]]
    """The position of a class is its index in the model's output; of a structure, one less than its value."""
    max_minutes: float = Field(gt=0)
    """Of training, all attempts together; the evaluation still follows."""
    seed: int = Field(ge=0)
    champion_version: Annotated[int | None, Field(ge=1), BeforeValidator(_empty_is_none)]
    start: str = ""
    """SHA-256 and form of the weights to start from; "" where they are random."""


@dataclass(frozen=True)
class Folders:
    """The tree under SAGEMAKER_BASE_DIR (/opt/ml unless told otherwise)."""

    base: Path

    @classmethod
    def from_environment(cls) -> "Folders":
        return cls(Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")))

    @property
    def hyperparameters(self) -> Path:
        return self.base / "input" / "config" / "hyperparameters.json"

    @property
    def resources(self) -> Path:
        return self.base / "input" / "config" / "resourceconfig.json"

    @property
    def manifest(self) -> Path:
        return self.base / "input" / "data" / "dataset" / "manifest.jsonl"

    @property
    def images(self) -> Path:
        return self.base / "input" / "data" / "images"

    @property
    def champion(self) -> Path:
        return self.base / "input" / "data" / "champion" / "model.tar.gz"

    @property
    def start(self) -> Path:
        """Holds the weights to start from; only a job that is told to has it."""
        return self.base / "input" / "data" / "start"

    @property
    def checkpoints(self) -> Path:
        return self.base / "checkpoints"

    @property
    def model(self) -> Path:
        return self.base / "model"

    @property
    def results(self) -> Path:
        return self.base / "output" / "data"

    @property
    def tensorboard(self) -> Path:
        """Synced to S3 while the job runs (TensorBoardOutputConfig)."""
        return self.base / "output" / "tensorboard"

    @property
    def scratch(self) -> Path:
        """Preprocessed images that memory does not hold; gone with the job."""
        return self.base / "scratch"

    @property
    def failure(self) -> Path:
        return self.base / "output" / "failure"


def read_job(folders: Folders) -> Job:
    """What the job was told.

    Raises:
        TrainingFailed: the file is missing, or a hyperparameter is missing or wrong.
    """
    try:
        return Job.model_validate_json(folders.hyperparameters.read_bytes())
    except FileNotFoundError as error:
        raise TrainingFailed("hyperparameters.json is missing") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{item['loc'][0] if item['loc'] else 'the file'}: {item['msg']}" for item in error.errors()
        )
        raise TrainingFailed(f"hyperparameters: {faults}") from error


def report_failure(folders: Folders, sentence: str) -> None:
    """Leave the sentence where SageMaker picks up FailureReason. Of several processes the first one's counts:
    the others fail because it did."""
    folders.failure.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), folders.failure.open("x", encoding="utf-8") as file:
        file.write(sentence[:FAILURE_LENGTH])


class StopRequest:
    """SIGTERM as a flag: the loop looks at it between two steps, where its state is whole."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        signal.signal(signal.SIGTERM, self._remember)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
