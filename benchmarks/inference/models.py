"""Models to serve: recipes' networks with weights at random, which take as long as trained ones."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from medloop.imaging.picture import Volume
from medloop.imaging.volumes import encode_volume
from medloop.rules.recipe import Recipe
from medloop.rules.recipes import debug_pictures, debug_structures, small_pictures
from training.artefact import Description, Model, save_model
from training.data.arrays import Scan
from training.data.preprocessing import Canvas, Grid
from training.finishing import Finishing
from training.network import build_network, weights_of

PICTURE, VOLUME = 512, (96, 96, 48)
"""Sides of the images that are asked about."""


@dataclass(frozen=True)
class Subject:
    """A model, and what it is asked."""

    name: str
    recipe: Recipe
    how: Canvas | Grid
    content: Callable[[np.random.Generator], bytes]
    media_type: str

    def model(self) -> Model:
        torch.manual_seed(0)
        description = Description(
            project="bench",
            model_version=1,
            task=self.recipe.task,
            classes=("one", "another"),
            dataset="0" * 64,
            recipe=self.recipe,
            preprocessing=self.how,
            finishing=Finishing(keep_largest=(True, True) if self.recipe.task == "segmentation" else ()),
        )
        return Model(build_network(self.recipe.network, self.how, description.outputs).eval(), description)

    def save(self, folder: Path) -> None:
        model = self.model()
        save_model(folder, weights_of(model.network), model.description)

    def prepared(self) -> torch.Tensor:
        """One image as the network takes it."""
        random = np.random.default_rng(0)
        shape = (PICTURE, PICTURE) if self.recipe.spatial_dims == 2 else VOLUME
        scan = Scan(random.random((1, *shape), np.float32), np.eye(4) if len(shape) == 3 else None)
        return self.how.prepare(scan).values


def picture(random: np.random.Generator) -> bytes:
    return npy(random.random((PICTURE, PICTURE), np.float32))


def volume(random: np.random.Generator) -> bytes:
    return encode_volume(Volume(random.random(VOLUME, np.float32), np.eye(4), {}))


def npy(values: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def canvas(recipe: Recipe) -> Canvas:
    return Canvas(spatial_dims=2, channels=1, size=recipe.size)


SUBJECTS = (
    Subject("pictures, debug", debug_pictures(), canvas(debug_pictures()), picture, "application/x-npy"),
    Subject("pictures, small", small_pictures(), canvas(small_pictures()), picture, "application/x-npy"),
    Subject(
        "structures, debug",
        debug_structures(),
        Grid(spatial_dims=3, channels=1, spacing=(1.0, 1.0, 1.0), patch=(64, 64, 48), batch=4),
        volume,
        "application/x-nifti",
    ),
)
