"""Weights to start from instead of random ones: of an earlier model, or of a bundle from elsewhere."""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from training.failures import TrainingFailed
from training.network import take_weights, weights_of

WRAPPINGS = ("module.", "network.", "model.", "0.")
"""What programs put in front of every name."""

Weights = Mapping[str, torch.Tensor]


def start_file(folder: Path, name: str) -> Path | None:
    """The file in the channel that the job was told of; None where it was told of none.

    Raises:
        TrainingFailed: it is not there, or holds something else.
    """
    if not name:
        return None
    file = folder / name
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != name.partition(".")[0]:
        raise TrainingFailed("start: the channel does not hold the weights that the job was told of")
    return file


def begin_from(network: torch.nn.Module, file: Path, all_of_it: bool = False) -> str:
    """Take over every tensor that has a name and a shape of the network's; how many did, in words.

    Raises:
        TrainingFailed: the file holds anything but tensors, or none that fits, or not all that are needed.
    """
    found = {plain(name): tensor for name, tensor in read_weights(file).items()}
    wanted = weights_of(network)
    fitting = {
        name: found[plain(name)]
        for name, tensor in wanted.items()
        if plain(name) in found and found[plain(name)].shape == tensor.shape
    }
    if not fitting:
        raise TrainingFailed("start: none of its weights fits the recipe's network; override network")
    if all_of_it and len(fitting) < len(wanted):
        found_here = f"{len(fitting)} of the network's {len(wanted)} tensors"
        raise TrainingFailed(
            f"start: it has {found_here}, and nothing is learnt in 0 epochs; override network"
        )
    take_weights(network, {**wanted, **fitting})
    return f"started from {len(fitting)} of {len(wanted)} tensors of {file.name[:12]}"


def plain(name: str) -> str:
    """The name without what wraps a whole network."""
    for wrapping in WRAPPINGS:
        name = name.removeprefix(wrapping)
    return name


def read_weights(file: Path) -> Weights:
    """Tensors by name from safetensors, or from what torch.save wrote; nothing in either can run.

    Raises:
        TrainingFailed: it is neither, or holds other things than tensors.
    """
    try:
        content = (
            load_file(file) if file.suffix == ".safetensors" else torch.load(file, "cpu", weights_only=True)
        )
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        raise TrainingFailed("start: the file is damaged, or holds pickled objects") from error
    for key in ("state_dict", "model"):  # as Lightning and many scripts wrap them
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not all(torch.is_tensor(one) for one in content.values()):
        raise TrainingFailed("start: the file holds other things than named tensors")
    return content
