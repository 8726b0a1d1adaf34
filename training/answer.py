"""One image in, one answer out: what the serving container says."""

import base64
import hashlib
import io
import time

import numpy as np
import torch
from numpy.typing import NDArray

from events.inference import ModelOutput
from medloop.imaging.picture import Volume
from medloop.imaging.volumes import encode_volume
from training.artefact import Model
from training.data.arrays import Scan, decode_scan
from training.data.preprocessing import Canvas, Grid, spacing_of
from training.desk import Desk
from training.predict import label_map, probabilities

NONE = "none"
"""The answer of a model that names no class, or finds no structure."""


def answer_bytes(model: Model, device: torch.device, content: bytes, desk: Desk) -> ModelOutput:
    """Decoded and prepared in the caller's thread, answered at the desk.

    Raises:
        InvalidArray: the content is not an image of the kind that the model takes.
    """
    started = time.perf_counter()
    scan = decode_scan(content, model.description.preprocessing.spatial_dims == 3)
    output = answer(model, device, scan, desk)
    seconds = time.perf_counter() - started
    return output.model_copy(update={"input_sha256": hashlib.sha256(content).hexdigest(), "seconds": seconds})


def answer(model: Model, device: torch.device, scan: Scan, desk: Desk) -> ModelOutput:
    """The answer, but for the input's hash and the time it took."""
    how, known = model.description.preprocessing, model.description.known
    if isinstance(how, Canvas):
        told = _named(model, desk.scores(how.prepare(scan).values))
    else:
        told = _drawn(model, device, scan, how, desk)
    return ModelOutput(
        project=model.description.project,
        model_version=model.description.model_version,
        task=model.description.task,
        warnings=() if known is None else known.warnings(scan),
        input_sha256="0" * 64,
        seconds=0.0,
        **told,
    )


def _named(model: Model, logits: torch.Tensor) -> dict[str, object]:
    known = model.description
    exclusive = known.task == "classification"
    values = probabilities(logits[None], known.finishing, exclusive)[0].tolist()
    odds = dict(zip(known.classes, values, strict=True))
    if exclusive:
        label = max(odds, key=lambda name: odds[name])
        return {"label": label, "confidence": odds[label], "probabilities": odds}
    named = [
        name for name, bound in zip(odds, known.finishing.thresholds, strict=True) if odds[name] >= bound
    ]
    sure = min(odds[name] if name in named else 1 - odds[name] for name in odds)
    return {"label": " | ".join(named) or NONE, "confidence": sure, "probabilities": odds}


def _drawn(model: Model, device: torch.device, scan: Scan, how: Grid, desk: Desk) -> dict[str, object]:
    known = model.description
    with desk.alone:
        labels, sure = label_map(model.network, scan, how, known.finishing, device)
    counts = np.bincount(labels.ravel(), minlength=len(known.classes) + 1)[1:]
    # A picture's pixels have no size of their own; a millilitre is a thousand cubic millimetres.
    unit = float(np.prod(spacing_of(scan))) / 1000 if scan.affine is not None else 1.0
    volumes = {name: float(count) * unit for name, count in zip(known.classes, counts, strict=True)}
    found = [name for name, volume in volumes.items() if volume]
    return {
        "label": " | ".join(found) or NONE,
        "confidence": sure,
        "volumes": volumes,
        "mask": base64.b64encode(_file_of(labels, scan)).decode("ascii"),
    }


def _file_of(labels: NDArray[np.uint8], scan: Scan) -> bytes:
    """The label map as an .npy, or as a .nii.gz where the image was one."""
    if scan.affine is None:
        buffer = io.BytesIO()
        np.save(buffer, labels)
        return buffer.getvalue()
    return encode_volume(Volume(labels.astype(np.float32), scan.affine, {}))
