"""Weights that a training starts from: found where people have them, named by what they are."""

import hashlib
import shutil
from pathlib import Path
from typing import Final

from medloop.workbench.failures import Unusable
from medloop.workbench.tree import Tree

_PLACES: Final = (
    "model.safetensors",
    "models/model.safetensors",
    "models/model.pt",
    "bundle/models/model.pt",
)
"""In the folder of a model of ours, and of a MONAI bundle."""

_PIECE: Final = 2**20


def weights_in(given: Path) -> Path:
    """The file itself, or the weights in a model's or a bundle's folder.

    Raises:
        Unusable: there are none.
    """
    if given.is_file():
        return given
    for place in _PLACES:
        if (given / place).is_file():
            return given / place
    raise Unusable(
        f"{given} holds no weights",
        "give a .safetensors or .pt file, or the folder of a model or MONAI bundle",
    )


def start_name(weights: Path) -> str:
    """SHA-256 and the form, as project.yaml and the container know it."""
    digest = hashlib.sha256()
    with weights.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest() + (".safetensors" if weights.suffix == ".safetensors" else ".pt")


def offer(weights: Path | None, name: str, tree: Tree) -> None:
    """Make them the job's channel, which holds nothing else."""
    shutil.rmtree(tree.start, ignore_errors=True)
    if weights is not None:
        tree.start.mkdir(parents=True)
        shutil.copyfile(weights, tree.start / name)
