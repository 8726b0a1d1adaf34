"""A recipe: everything that decides a model's weights besides the data and the seed, as checked values.

Nothing here is computed: training.fit follows it, and project.yaml is held against it at upload, so that a
contradiction is refused before a GPU is paid for.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from events.dataset import Task

GROUPS = 8
"""Of channels, each normalised together."""

Width = Annotated[int, Field(ge=GROUPS, le=2048, multiple_of=GROUPS)]
"""Channels of a stage."""


class Choices(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ResNet(Choices):
    """MONAI's ResNet of basic blocks, for classification."""

    kind: Literal["ResNet"] = "ResNet"
    planes: tuple[Width, Width, Width, Width]
    """Channels of the four stages."""
    layers: tuple[int, int, int, int]
    """Blocks in each stage."""
    stem_stride: Literal[1, 2]
    """2 halves the image before the first stage: a quarter of the work, an eighth for volumes."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Of the pooled features."""

    @property
    def divides_by(self) -> int:
        """Each side of an image must be a multiple of this."""
        return 8 * self.stem_stride


class UNet(Choices):
    """MONAI's DynUNet, the network of nnU-Net, for segmentation."""

    kind: Literal["UNet"] = "UNet"
    filters: tuple[Width, ...] = Field(min_length=3, max_length=7)
    """Channels of each level; every further one works at half the resolution."""
    stem_stride: Literal[1, 2] = 1
    """2 halves the image before the first level and answers for its pixels by sub-pixel shuffling: a quarter
    of the work, an eighth for volumes."""
    deep_supervision: int = Field(default=0, ge=0, le=3)
    """Levels below full resolution that answer as well, while training."""

    @model_validator(mode="after")
    def supervises_levels_that_exist(self) -> Self:
        if self.deep_supervision > len(self.filters) - 2:
            raise ValueError(
                "deep_supervision: there are only levels between the lowest and full resolution to supervise"
            )
        if self.deep_supervision and self.stem_stride > 1:
            raise ValueError("deep_supervision: it needs a stem_stride of 1")
        return self

    @property
    def divides_by(self) -> int:
        return int(self.stem_stride * 2 ** (len(self.filters) - 1))


class Augmentation(Choices):
    """Ranges of the random changes, each drawn uniformly in ± its value. No flips unless asked for: sides
    mean something."""

    degrees: float = Field(ge=0, le=180)
    """In the plane of a picture; about each axis of a volume."""
    zoom: float = Field(ge=0, lt=1)
    """Relative change of size."""
    aspect: float = Field(default=0.0, ge=0, lt=1)
    """Relative change of size along each axis alone."""
    shear: float = Field(default=0.0, ge=0, lt=1)
    """How far an axis leans over, per unit along another."""
    shift: float = Field(ge=0, lt=1)
    """Fraction of the image's half width."""
    contrast: float = Field(ge=0, lt=1)
    """Relative change of slope, and absolute change of level, of values in 0..1."""
    gamma: float = Field(default=0.0, ge=0, lt=1)
    """Values in 0..1 are raised to exp(± this)."""
    noise: float = Field(default=0.0, ge=0, lt=1)
    """Largest standard deviation of Gaussian noise on values in 0..1."""
    cutout: float = Field(default=0.0, ge=0, lt=1)
    """Largest side of a box that is blanked, as a fraction of the image's."""
    flip: bool = False
    """Mirror the last axis in half of the cases: only where left and right are the same to the task."""
    share: float = Field(ge=0, le=1)
    """Of the images in a batch, drawn at random; the others stay as they are. Moving an image blurs it a
    little, and a network that never sees a sharp one mistakes it (MedNIST, last epoch: 0.96 accuracy when all
    are moved, 0.985 with half)."""


class Recipe(Choices):
    """One training, from first step to last."""

    name: str
    task: Task
    spatial_dims: Literal[2, 3]
    size: int = Field(ge=8, le=1024)
    """Classification: the longer side of every image becomes this many pixels, the others are padded.
    Segmentation: the longest side that a patch may have."""
    network: Annotated[ResNet | UNet, Field(discriminator="kind")]
    augmentation: Augmentation
    epochs: int = Field(ge=0, le=10_000)
    """0 learns nothing: the weights that the training starts from, all of them, are judged as they are."""
    batch: int = Field(ge=1, le=4096)
    """Images or patches per step, over all processes."""
    accumulate: int = Field(default=1, ge=1)
    """Parts that a step's batch is computed in, one after another, where it does not fit as a whole."""
    least_batches: int = Field(ge=1)
    """In an epoch: a dataset of fewer is gone over several times, so that few images mean no fewer steps."""
    most_batches: int | None = Field(default=None, ge=1)
    """In an epoch: of a larger dataset it shows a part, another one each time."""
    learning_rate: float = Field(gt=0)
    """The peak."""
    schedule: Literal["cosine", "one_cycle"] = "cosine"
    """Cosine rises for a tenth of the steps, one_cycle for three tenths; both then fall as a half cosine."""
    weight_decay: float = Field(ge=0)
    clip: float | None = Field(default=None, gt=0)
    """The largest norm of all gradients together."""
    ema: float = Field(default=0.0, ge=0, lt=1)
    """Decay of the average of the weights over the steps that is validated and kept; 0 keeps the last."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    balance: bool = False
    """Classification: images of every class are drawn equally often, the rare ones several times."""
    foreground: float = Field(default=0.5, ge=0, le=1)
    """Segmentation: share of the patches that are centred on a structure."""
    precision: Literal["mixed", "full"] = "mixed"
    """Mixed: bfloat16 or float16 where GPU or CPU compute faster in them."""
    compile: bool = False
    """torch.compile, on a GPU: pays from a few thousand steps on."""
    patience: int = Field(ge=1)
    """Epochs without a better validation before training stops."""
    checkpoint_seconds: float = Field(ge=0)
    """The longest time between two checkpoints; there is also one after every epoch."""

    @model_validator(mode="after")
    def suits_its_task(self) -> Self:
        wanted = "UNet" if self.task == "segmentation" else "ResNet"
        if self.network.kind != wanted:
            raise ValueError(f"network: {self.task} takes a {wanted}")
        if self.size % self.network.divides_by:
            raise ValueError(
                f"size: must be a multiple of {self.network.divides_by}, as the network halves it"
            )
        if self.task == "segmentation" and self.label_smoothing:
            raise ValueError("label_smoothing: is for classification; Dice has none")
        if self.most_batches is not None and self.most_batches < self.least_batches:
            raise ValueError("most_batches: it is less than least_batches")
        if self.batch < self.accumulate:
            raise ValueError("accumulate: there are not that many images in a batch")
        return self

    def but(self, **changes: object) -> "Recipe":
        """This recipe with some fields changed, validated again.

        Raises:
            pydantic.ValidationError: an unknown field, a value out of range, or a contradiction.
        """
        return Recipe.model_validate({**self.model_dump(), **changes})
