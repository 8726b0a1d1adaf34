"""What the loop asks of a task."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from events.dataset import Sample
from events.evaluation import Metric
from medloop.rules.recipe import Recipe
from training.answers import Answers
from training.artefact import Model
from training.cases import Case
from training.data.augment import Draws
from training.data.pool import Pool
from training.data.preprocessing import Canvas, Grid
from training.data.storage import Storage
from training.distributed import Team
from training.finishing import Finishing
from training.schedule import sample_order


@dataclass(frozen=True)
class Validation:
    """How well a network does on the whole validation split."""

    loss: float
    score: float
    """0..1, more is better."""


class Task(ABC):
    """One way to learn from a dataset; it holds no state but what it was made from."""

    metric: ClassVar[Metric]

    def __init__(self, recipe: Recipe, classes: tuple[str, ...]) -> None:
        self.recipe, self.classes = recipe, classes

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Values that the network gives per image, or per voxel."""

    @abstractmethod
    def preprocessing(self, samples: Sequence[Sample], folder: Path) -> Canvas | Grid:
        """How images are prepared, from the training split's fingerprint."""

    @abstractmethod
    def load(
        self, samples: Sequence[Sample], folder: Path, how: Canvas | Grid, storage: Storage, team: Team
    ) -> Pool:
        """A split, prepared."""

    @abstractmethod
    def weigh(self, training: Pool) -> torch.Tensor:
        """What `losses` needs to know of the classes' frequencies."""

    def order(self, training: Pool, seed: int, epoch: int, rounds: int) -> torch.Tensor:
        """Which images an epoch shows, one after another: as many as there are, times `rounds`."""
        return sample_order(seed, epoch, len(training), rounds)

    @abstractmethod
    def draw(self, count: int, how: Canvas | Grid, generator: torch.Generator) -> Draws:
        """The randomness of a batch of `count`."""

    @abstractmethod
    def batch(
        self, pool: Pool, chosen: torch.Tensor, draws: Draws, how: Canvas | Grid, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Network inputs [image, channel, *spatial] and targets of the chosen images, changed as drawn."""

    @abstractmethod
    def losses(self, outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """One loss per image, so that a step's loss is the mean however its batch is dealt out."""

    @abstractmethod
    def validate(
        self, network: torch.nn.Module, pool: Pool, weights: torch.Tensor, how: Canvas | Grid, team: Team
    ) -> Validation:
        """The whole split, each process doing its part; the same answer for all."""

    @abstractmethod
    def finish(self, network: torch.nn.Module, pool: Pool, how: Canvas | Grid) -> Finishing:
        """What suits the validation split best."""

    @abstractmethod
    def examine(
        self, model: Model, samples: Sequence[Sample], folder: Path, device: torch.device
    ) -> tuple[Answers, list[Case]]:
        """The model's answers to these samples, whatever classes and preprocessing it has of its own."""

    @abstractmethod
    def baseline(
        self, training: Pool, samples: Sequence[Sample], folder: Path, how: Canvas | Grid
    ) -> Answers:
        """A trivial model's answers to these samples."""

    baseline_name: ClassVar[str]


def device_of(network: torch.nn.Module) -> torch.device:
    return next(network.parameters()).device
