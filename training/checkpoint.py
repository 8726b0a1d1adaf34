"""Checkpoints that survive a kill at any moment, and are never mistaken for another training's.

A checkpoint is one file: a JSON line with its order and the SHA-256 of the rest, then the rest, written by
torch.save. Two files take turns, so that whatever tears the one being written, the other is whole, and the
copies SageMaker syncs to S3 stay two.
"""

import hashlib
import io
import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from training.failures import ForeignCheckpoint, TrainingFailed

SLOTS = ("checkpoint-0.pt", "checkpoint-1.pt")


def save_checkpoint(folder: Path, order: int, identity: dict[str, Any], state: dict[str, Any]) -> None:
    """Write the `order`-th checkpoint of the training that `identity` names: all of it, or nothing."""
    buffer = io.BytesIO()
    torch.save({"identity": identity, "state": state}, buffer)
    payload = buffer.getvalue()
    header = json.dumps({"order": order, "sha256": hashlib.sha256(payload).hexdigest()})
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / SLOTS[order % len(SLOTS)]
    unfinished = target.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        file.write(header.encode() + b"\n" + payload)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(target)
    _sync_folder(folder)


def load_checkpoint(folder: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    """State of the newest whole checkpoint; None where there is none.

    Raises:
        ForeignCheckpoint: it belongs to another project, dataset, recipe, seed or list of classes.
        TrainingFailed: it holds pickled objects rather than numbers.
    """
    whole = sorted(_whole_checkpoints(folder), key=lambda found: found[0], reverse=True)
    if not whole:
        return None
    try:
        content = torch.load(io.BytesIO(whole[0][1]), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise TrainingFailed("the checkpoint holds pickled objects and is not loaded") from error
    found = content["identity"]
    if other := sorted(key for key in identity | found if identity.get(key) != found.get(key)):
        raise ForeignCheckpoint(
            f"the checkpoint folder belongs to another training (its {', '.join(other)} differs); "
            "give this job a folder of its own"
        )
    state: dict[str, Any] = content["state"]
    return state


def _whole_checkpoints(folder: Path) -> Iterator[tuple[int, bytes]]:
    for slot in SLOTS:
        try:
            line, _, payload = (folder / slot).read_bytes().partition(b"\n")
            header = json.loads(line)
            order, digest = int(header["order"]), header["sha256"]
        except FileNotFoundError:
            continue
        except (ValueError, TypeError, KeyError):
            digest = ""
        if digest == hashlib.sha256(payload).hexdigest():
            yield order, payload
        else:
            print(f"{slot} is torn and not used", flush=True)


def _sync_folder(folder: Path) -> None:
    """The rename itself must outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
