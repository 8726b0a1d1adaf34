"""Recipes: how to train, as plain functions. A new experiment starts from another and changes a line."""

from collections.abc import Callable, Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from training.failures import TrainingFailed

GROUPS = 8
"""Of channels, each normalised together."""


class Choices(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(Choices):
    """A MONAI ResNet of basic blocks."""

    planes: tuple[int, int, int, int]
    """Channels of the four stages; multiples of GROUPS."""
    layers: tuple[int, int, int, int]
    """Blocks in each stage."""
    stem_stride: int = Field(ge=1, le=2)
    """2 halves the image before the first stage: a quarter of the work."""

    @model_validator(mode="after")
    def planes_divide_into_groups(self) -> Self:
        if any(plane <= 0 or plane % GROUPS for plane in self.planes):
            raise ValueError(f"planes: each must be a multiple of {GROUPS}")
        return self


class Augmentation(Choices):
    """Ranges of the random changes, each drawn uniformly in ± its value. No flips: sides mean something."""

    degrees: float = Field(ge=0, le=180)
    zoom: float = Field(ge=0, lt=1)
    """Relative change of size."""
    shift: float = Field(ge=0, lt=1)
    """Fraction of the image's half width."""
    contrast: float = Field(ge=0, lt=1)
    """Relative change of slope, and absolute change of level, of values in 0..1."""
    share: float = Field(ge=0, le=1)
    """Of the images in a batch, drawn at random; the others stay as they are. Moving an image blurs it a
    little, and a network that never sees a sharp one mistakes it (MedNIST, last epoch: 0.96 accuracy when all
    are moved, 0.985 with half)."""


class Recipe(Choices):
    """Everything that decides the weights besides the data and the seed."""

    name: str
    size: int = Field(ge=16, le=1024)
    """Images become size x size pixels."""
    network: Network
    augmentation: Augmentation
    epochs: int = Field(ge=1)
    batch: int = Field(ge=2)
    least_batches: int = Field(ge=1)
    """In an epoch: a dataset of fewer is gone over several times, so that few images mean no fewer steps."""
    learning_rate: float = Field(gt=0)
    """The peak; it rises over the first tenth of the steps and falls to zero as a half cosine."""
    weight_decay: float = Field(ge=0)
    label_smoothing: float = Field(ge=0, lt=1)
    patience: int = Field(ge=1)
    """Epochs without a better validation loss before training stops."""
    checkpoint_seconds: float = Field(ge=0)
    """The longest time between two checkpoints; there is also one after every epoch."""

    @model_validator(mode="after")
    def size_survives_the_network(self) -> Self:
        if self.size % (8 * self.network.stem_stride):
            raise ValueError("size: must be a multiple of 8 x stem_stride, what the network divides it by")
        return self

    def but(self, **changes: object) -> "Recipe":
        """This recipe with some fields changed, validated again."""
        return Recipe.model_validate({**self.model_dump(), **changes})


def debug() -> Recipe:
    """A minute on two cores for a thousand images: demos and tests."""
    return Recipe(
        name="debug",
        size=64,
        network=Network(planes=(16, 32, 64, 128), layers=(1, 1, 1, 1), stem_stride=2),
        augmentation=Augmentation(degrees=15, zoom=0.15, shift=0.1, contrast=0.2, share=0.5),
        epochs=24,
        batch=32,
        least_batches=24,
        learning_rate=3e-3,
        weight_decay=0.02,
        label_smoothing=0.05,
        patience=10,
        checkpoint_seconds=30,
    )


def small() -> Recipe:
    """The default: finer images and a wider network; minutes on a GPU, an hour on a few cores."""
    return debug().but(
        name="small",
        size=128,
        network=Network(planes=(32, 64, 128, 256), layers=(1, 1, 1, 1), stem_stride=2),
        epochs=40,
        patience=15,
        checkpoint_seconds=60,
    )


RECIPES: Mapping[str, Callable[[], Recipe]] = {"debug": debug, "small": small}


def choose_recipe(name: str, epochs: int | None, recipes: Mapping[str, Callable[[], Recipe]]) -> Recipe:
    """The named recipe, for `epochs` epochs if a number is given.

    Raises:
        TrainingFailed: there is no such recipe.
    """
    if name not in recipes:
        raise TrainingFailed(f"recipe: there is no {name!r}; choose one of {', '.join(sorted(recipes))}")
    recipe = recipes[name]()
    return recipe if epochs is None else recipe.but(epochs=epochs)
