"""Where everything lies below --out: the tree that SageMaker gives a container, and what people look at."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tree:
    out: Path

    @property
    def job(self) -> Path:
        """SAGEMAKER_BASE_DIR."""
        return self.out / "job"

    @property
    def claim(self) -> Path:
        """Locked by whoever works here."""
        return self.job / "claim"

    @property
    def input(self) -> Path:
        return self.job / "input"

    @property
    def configuration(self) -> Path:
        return self.input / "config"

    @property
    def manifest(self) -> Path:
        return self.input / "data" / "dataset" / "manifest.jsonl"

    @property
    def images(self) -> Path:
        return self.input / "data" / "images"

    @property
    def start(self) -> Path:
        """Weights to start from; only a training that is told to has it."""
        return self.input / "data" / "start"

    @property
    def spool(self) -> Path:
        """Encoded arrays until they are in their shards."""
        return self.job / "spool"

    @property
    def prepared(self) -> Path:
        """Written last: without it the data is not ready."""
        return self.job / "prepared.json"

    @property
    def checkpoints(self) -> Path:
        return self.job / "checkpoints"

    @property
    def output(self) -> Path:
        return self.job / "output"

    @property
    def results(self) -> Path:
        return self.output / "data"

    @property
    def failure(self) -> Path:
        return self.output / "failure"

    @property
    def log(self) -> Path:
        """Everything that the container printed."""
        return self.job / "training.log"

    @property
    def trained(self) -> Path:
        return self.job / "model"

    @property
    def model(self) -> Path:
        return self.out / "model"

    @property
    def metrics(self) -> Path:
        return self.out / "metrics.json"

    @property
    def left_out(self) -> Path:
        return self.out / "left-out.jsonl"
