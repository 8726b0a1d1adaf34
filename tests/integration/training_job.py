"""Builds the tree that SageMaker gives a training container, out of arrays made in code."""

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from events.dataset import Mask, Sample, Split
from events.evaluation import Evaluation
from medloop.imaging.picture import Volume
from medloop.imaging.volumes import encode_volume
from training.container import Folders

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "shapes"

SHAPES = ("disc", "frame", "stripes")
SPLITS: tuple[Split, ...] = ("train", "train", "train", "validation", "test")


@dataclass(frozen=True)
class Example:
    array: NDArray[Any]
    """HxW or HxWx3 for a picture; i, j, k for a volume."""
    labels: tuple[str, ...]
    split: Split
    mask: NDArray[Any] | None = None
    affine: NDArray[Any] | None = None
    """4x4: only a volume has one."""
    attributes: dict[str, str] = field(default_factory=dict)


def shape(name: str, random: np.random.Generator, size: int = 24) -> NDArray[np.float32]:
    """A bright disc, frame or stripes somewhere on a noisy ground, at an arbitrary scale of values."""
    rows, columns = np.mgrid[:size, :size] - random.integers(-2, 3, 2)[:, None, None] - size // 2
    radius = size * random.uniform(0.2, 0.3)
    reach = np.maximum(abs(rows), abs(columns))
    drawn = {
        "disc": np.hypot(rows, columns) < radius,
        "frame": (reach < radius) & (reach > radius - 3),
        "stripes": (rows % 6 < 3) & (reach < radius + 2),
    }[name]
    image = drawn * 1.0 + random.normal(0, 0.1, drawn.shape)
    return (image * random.uniform(50, 2000) - 1000).astype(np.float32)


def shapes(each: int, size: int = 24, seed: int = 0) -> Iterator[Example]:
    """`each` examples of every shape, dealt to the splits three to one to one."""
    random = np.random.default_rng(seed)
    for name in SHAPES:
        for number in range(each):
            yield Example(shape(name, random, size), (name,), SPLITS[number % len(SPLITS)])


def findings(count: int, size: int = 24, seed: int = 0) -> Iterator[Example]:
    """Any number of the shapes in one picture, each in a corner of its own; for multi-label."""
    random = np.random.default_rng(seed)
    for number in range(count):
        present = random.random(len(SHAPES)) < 0.5
        picture = random.normal(0, 0.1, (2 * size, 2 * size))
        for corner, name in enumerate(SHAPES):
            if present[corner]:
                row, column = divmod(corner, 2)
                drawn = shape(name, random, size)
                place = np.s_[row * size : (row + 1) * size, column * size : (column + 1) * size]
                picture[place] += (drawn - drawn.min()) / np.ptp(drawn)
        labels = tuple(name for name, has in zip(SHAPES, present, strict=True) if has)
        yield Example(picture.astype(np.float32), labels, SPLITS[number % len(SPLITS)])


def ball(random: np.random.Generator, size: int, dims: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """A bright ball with a darker core on a noisy ground, and its mask: 1 for the core, 2 for the shell."""
    centre = random.uniform(0.4, 0.6, dims) * size
    places = np.indices((size,) * dims) - centre.reshape(-1, *[1] * dims)
    distance, radius = np.sqrt((places**2).sum(0)), size * random.uniform(0.22, 0.32)
    mask = np.where(distance < radius / 2, 1, np.where(distance < radius, 2, 0)).astype(np.uint8)
    image = np.choose(mask, (0.0, 0.5, 1.0)) + random.normal(0, 0.1, mask.shape)
    return (image * random.uniform(50, 2000) - 1000).astype(np.float32), mask


def balls(count: int, size: int = 24, dims: int = 3, seed: int = 0) -> Iterator[Example]:
    """Pictures or volumes with two structures; volumes lie flipped, turned or plain, at 1 x 1 x 1.5 mm."""
    random = np.random.default_rng(seed)
    for number in range(count):
        image, mask = ball(random, size, dims)
        affine = None
        if dims == 3:
            affine = np.diag([1.0, 1.0, 1.5, 1.0])
            if number % 2:
                affine = affine @ np.array([[0, 0, -1, 10], [1, 0, 0, 0], [0, 1, 0, 5], [0, 0, 0, 1.0]])
        yield Example(image, (), SPLITS[number % len(SPLITS)], mask, affine)


def solids(each: int, size: int = 24, seed: int = 0) -> Iterator[Example]:
    """Volumes of a ball or a box, for classification."""
    random = np.random.default_rng(seed)
    for kind in ("ball", "box"):
        for number in range(each):
            places = np.indices((size,) * 3) - size / 2 - random.uniform(-2, 2, (3, 1, 1, 1))
            radius = size * random.uniform(0.2, 0.3)
            reach = np.sqrt((places**2).sum(0)) if kind == "ball" else np.abs(places).max(0) * 1.2
            image = (reach < radius) * 1.0 + random.normal(0, 0.1, (size,) * 3)
            split = SPLITS[number % len(SPLITS)]
            yield Example(image.astype(np.float32) * 100, (kind,), split, affine=np.eye(4))


def npy_bytes(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def container_tree(
    base: Path, examples: Iterable[Example], overrides: dict[str, Any] | None = None, **hyperparameters: str
) -> Folders:
    """Channels and hyperparameters of a debug job of one epoch, unless told otherwise."""
    folders = Folders(base)
    samples = sorted((_put(folders, example) for example in examples), key=lambda sample: sample.image)
    manifest = "".join(sample.model_dump_json() + "\n" for sample in samples)
    folders.manifest.parent.mkdir(parents=True, exist_ok=True)
    folders.manifest.write_text(manifest, encoding="utf-8")
    defaults = {
        "project": PROJECT,
        "dataset": hashlib.sha256(manifest.encode()).hexdigest(),
        "model_version": "1",
        "task": "classification",
        "spatial_dims": "3" if samples[0].path.endswith(".nii.gz") else "2",
        "recipe": "debug",
        "overrides": json.dumps({"epochs": 1} | (overrides or {})),
        "classes": json.dumps(sorted({label for sample in samples for label in sample.labels})),
        "max_minutes": "60",
        "seed": "0",
        "champion_version": "",
    }
    folders.hyperparameters.parent.mkdir(parents=True, exist_ok=True)
    folders.hyperparameters.write_text(json.dumps(defaults | hyperparameters), encoding="utf-8")
    return folders


def _put(folders: Folders, example: Example) -> Sample:
    image, content, ending = _encoded(example.array, example.affine)
    path = _written(folders, f"{image}{ending}", content)
    mask = None
    if example.mask is not None:
        source, drawn, _ = _encoded(example.mask.astype(np.float32), example.affine)
        drawn_path = _written(folders, f"{image}.mask{ending}", drawn)
        mask = Mask(path=drawn_path, sha256=hashlib.sha256(drawn).hexdigest(), source=source)
    digest = hashlib.sha256(content).hexdigest()
    return Sample(
        image=image,
        path=path,
        sha256=digest,
        labels=example.labels,
        split=example.split,
        group=digest,
        mask=mask,
        attributes=example.attributes,
    )


def _encoded(array: NDArray[Any], affine: NDArray[Any] | None) -> tuple[str, bytes, str]:
    """Image id, bytes and ending of the array's file."""
    content = npy_bytes(array) if affine is None else encode_volume(Volume(array, affine, {}))
    return hashlib.sha256(content).hexdigest()[:32], content, ".npy" if affine is None else ".nii.gz"


def _written(folders: Folders, name: str, content: bytes) -> str:
    path = f"images/{PROJECT}/{name}"
    target = folders.images / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return path


def retell(folders: Folders, **hyperparameters: str) -> None:
    """Change what the job is told."""
    told = json.loads(folders.hyperparameters.read_text(encoding="utf-8"))
    folders.hyperparameters.write_text(json.dumps(told | hyperparameters), encoding="utf-8")


def container(command: str, folders: Folders, **environment: str) -> "subprocess.Popen[str]":
    """Start the image's `train` or `serve`, output piped."""
    return subprocess.Popen(
        [sys.executable, "-m", "training", command],
        cwd=ROOT,
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(folders.base), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> str:
    """Its output, once it ended without a fault."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def weights(folders: Folders) -> bytes:
    return (folders.model / "model.safetensors").read_bytes()


def evaluation(folders: Folders) -> Evaluation:
    return Evaluation.model_validate_json((folders.results / "evaluation.json").read_bytes())


def failure(folders: Folders) -> str:
    return folders.failure.read_text(encoding="utf-8")
