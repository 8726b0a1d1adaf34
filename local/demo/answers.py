"""What the champion said of the unseen images, held against what they show."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from local.demo.images import Unseen
from medloop.aws import objects
from medloop.catalogue.predictions import Prediction
from medloop.imaging.read import read_image
from medloop.settings import Settings
from training.predict import case_dice, dice

GOOD_DICE = 0.8
"""From here on the picture shows an answer as good."""


@dataclass(frozen=True, eq=False)
class Answer:
    """One image as the report shows it: two axes, a volume's middle slice."""

    image: NDArray[np.float32]
    title: str
    score: float
    """1 or 0 for a class, Dice for a mask."""
    good: bool
    truth: NDArray[np.uint8] | None = None
    answer: NDArray[np.uint8] | None = None
    """Of a segmentation: as [row, column] over the image."""


def judge(asked: Unseen, said: Prediction, settings: Settings) -> Answer:
    """Reads the image anew, and the stored mask where there is one."""
    values = read_image(asked.file.read_bytes()).values
    if asked.mask is None:
        right = said.label == asked.label
        return Answer(values, f"{said.label}\n{said.confidence:.2f}", float(right), right)
    truth = read_image(asked.mask.read_bytes()).values.astype(np.uint8)
    own = stored_mask(said, settings)
    score = case_dice(dice(own, truth, int(max(own.max(), truth.max()))))
    layers = (values, truth, own) if truth.ndim == 2 else sliced(values, truth, own)
    return Answer(layers[0], f"Dice {score:.2f}", score, score >= GOOD_DICE, layers[1], layers[2])


def stored_mask(said: Prediction, settings: Settings) -> NDArray[np.uint8]:
    assert said.output_path is not None
    prefix = f"{said.output_path.removesuffix('.json')}.mask."
    path = next(stored.key for stored in objects.list_versions(settings.predictions_bucket, prefix))
    content = objects.read(settings.predictions_bucket, path)
    if path.endswith(".npy"):
        pixels: NDArray[np.uint8] = np.load(io.BytesIO(content))
        return pixels
    return read_image(content).values.astype(np.uint8)


def sliced(
    values: NDArray[np.float32], truth: NDArray[np.uint8], own: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.uint8]]:
    """The slice that shows most of the true structures."""
    at = int((truth > 0).sum((0, 1)).argmax())
    return np.rot90(values[..., at]), np.rot90(truth[..., at]), np.rot90(own[..., at])
