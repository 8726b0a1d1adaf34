"""A trained model on disk: model.safetensors and model.json, which can be read without trusting them."""

import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save_file

from events.dataset import Task
from events.message import ClassName, Digest, ProjectName
from medloop.rules.recipe import Recipe
from training.data.known import Known
from training.data.preprocessing import Preprocessing
from training.failures import InvalidModel
from training.finishing import Finishing
from training.network import build_network, take_weights

WEIGHTS, DESCRIPTION = "model.safetensors", "model.json"
LARGEST_MEMBER = 1 << 30
"""Bytes. Our largest recipe is a hundredth of this; more is an attempt on the disk."""


class Description(BaseModel):
    """`model.json`: all that serving needs besides the weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    format: Literal[2] = 2
    project: ProjectName
    model_version: int = Field(ge=1)
    task: Task
    classes: tuple[ClassName, ...]
    dataset: Digest
    recipe: Recipe
    preprocessing: Preprocessing
    finishing: Finishing
    known: Known | None = None
    """What was in training; None in models from before that was noted."""

    @property
    def outputs(self) -> int:
        """Values that the network gives: a segmentation's first one is the background."""
        return len(self.classes) + (self.task == "segmentation")


@dataclass(frozen=True)
class Model:
    """A network with its weights, ready to predict, and what it is."""

    network: torch.nn.Module
    description: Description

    @classmethod
    def from_bytes(cls, weights: bytes, description: bytes) -> Self:
        """Raises InvalidModel when either is damaged, or they do not fit together."""
        try:
            known = Description.model_validate_json(description)
            network = build_network(known.recipe.network, known.preprocessing, known.outputs)
            take_weights(network, load(weights))
        except ValidationError as error:
            raise InvalidModel(f"{DESCRIPTION} is not a model's description") from error
        except SafetensorError as error:
            raise InvalidModel(f"{WEIGHTS} is not a safetensors file") from error
        except RuntimeError as error:
            raise InvalidModel(f"{WEIGHTS} does not fit the network in {DESCRIPTION}") from error
        return cls(network.eval(), known)


def save_model(folder: Path, weights: dict[str, torch.Tensor], description: Description) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / WEIGHTS)
    (folder / DESCRIPTION).write_text(description.model_dump_json(indent=2), encoding="utf-8")


def load_model(folder: Path) -> Model:
    """Raises InvalidModel when a file is missing, damaged or foreign."""
    try:
        return Model.from_bytes((folder / WEIGHTS).read_bytes(), (folder / DESCRIPTION).read_bytes())
    except OSError as error:
        raise InvalidModel(f"{WEIGHTS} or {DESCRIPTION} is missing") from error


def load_archive(path: Path) -> Model:
    """The model in a model.tar.gz. Two members are read from the stream and nothing is unpacked to disk,
    so links, devices, absolute paths and bombs in the archive have no effect.

    Raises:
        InvalidModel: the archive or a member is missing, damaged, foreign or too large.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            members = {member.name.removeprefix("./"): member for member in archive}
            return Model.from_bytes(
                _read_member(archive, members.get(WEIGHTS)), _read_member(archive, members.get(DESCRIPTION))
            )
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise InvalidModel("model.tar.gz is missing or damaged") from error


def _read_member(archive: tarfile.TarFile, member: tarfile.TarInfo | None) -> bytes:
    stream = archive.extractfile(member) if member is not None and member.isreg() else None
    if member is None or stream is None or member.size > LARGEST_MEMBER:
        raise InvalidModel(f"model.tar.gz lacks {WEIGHTS} or {DESCRIPTION} as a file of decent size")
    return stream.read()
