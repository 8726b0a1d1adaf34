"""Builds the tree that SageMaker gives a training container, out of arrays made in code."""

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from events.dataset import Sample, Split
from events.evaluation import Evaluation
from training.container import Folders

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "shapes"
SHAPES = ("disc", "frame", "stripes")
SPLITS: tuple[Split, ...] = ("train", "train", "train", "validation", "test")


@dataclass(frozen=True)
class Example:
    array: NDArray[Any]
    label: str
    split: Split


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
            yield Example(shape(name, random, size), name, SPLITS[number % len(SPLITS)])


def npy_bytes(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def container_tree(base: Path, examples: Iterable[Example], **hyperparameters: str) -> Folders:
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
        "recipe": "debug",
        "classes": json.dumps(sorted({sample.label for sample in samples})),
        "epochs": "1",
        "max_minutes": "60",
        "seed": "0",
        "champion_version": "",
    }
    folders.hyperparameters.parent.mkdir(parents=True, exist_ok=True)
    folders.hyperparameters.write_text(json.dumps(defaults | hyperparameters), encoding="utf-8")
    return folders


def _put(folders: Folders, example: Example) -> Sample:
    content = npy_bytes(example.array)
    digest = hashlib.sha256(content).hexdigest()
    image = digest[:32]
    path = f"images/{PROJECT}/{image}.npy"
    target = folders.images / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return Sample(
        image=image, path=path, sha256=digest, label=example.label, split=example.split, group=digest
    )


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
