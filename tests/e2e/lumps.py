"""A project of volumes with two structures, made up, whose model is served."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from local.demo.structures import lump
from medloop.imaging.picture import Volume
from medloop.imaging.volumes import encode_volume
from medloop.settings import Settings
from tests.e2e.loop import Loop

# Obliquely turned, and not the same along every axis: an answer in any other space would show.
AFFINE = np.array([[0, 0, -1.5, 10], [0.8, 0.6, 0, -4], [-0.6, 0.8, 0, 5], [0, 0, 0, 1.0]])
CASES = 80
"""So many patients that some fall on every side."""
STRUCTURES = ("core", "shell")


def file_of(values: NDArray[np.float32]) -> bytes:
    return encode_volume(Volume(values, AFFINE, {}))


def a_training(epochs: int) -> dict[str, Any]:
    return {"recipe": "debug", "overrides": {"epochs": epochs, "most_batches": 16}}


def served(settings: Settings) -> Loop:
    random, loop = np.random.default_rng(3), Loop(settings, "lumps")
    quiet = {"quiet_minutes": 0.1}
    loop.create(STRUCTURES, task="segmentation", spatial_dims=3, training=a_training(epochs=4), series=quiet)
    ids = []
    for number in range(CASES):
        values, mask = lump(random)
        ids.append(loop.put(f"images/case-{number}.nii.gz", file_of(values)))
        ids.append(loop.put(f"labels/case-{number}.nii.gz", file_of(mask.astype(np.float32))))
    loop.wait_for_verdicts(ids, 300)
    loop.train(600)
    loop.wait_for_champion()
    return loop
