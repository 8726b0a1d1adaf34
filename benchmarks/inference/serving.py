"""The network by itself, and the same network behind the container's door, with the same threads."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.inference.models import Subject
from benchmarks.stage import percentiles
from training.data.preprocessing import Grid
from training.network import best_device, placed
from training.predict import canvas_scores, grid_scores

CODE = Path(__file__).resolve().parents[2]
DIFFERENT = 16
"""Images, asked about in turn."""
PATIENCE = 300.0


@dataclass(frozen=True)
class Measured:
    arm: str
    at_once: int
    """Images in a pass, or requests under way."""
    per_second: float
    milliseconds: dict[str, float]
    """Of one image's pass or request: p50, p95, p99."""


def bare(subject: Subject, seconds: float) -> list[Measured]:
    """Forward passes of prepared images, and nothing else; a volume's by the same sliding window."""
    device, model, image = best_device(), subject.model(), subject.prepared()
    network = placed(model.network, subject.recipe.spatial_dims, device)
    if isinstance(subject.how, Grid):
        how = subject.how
        return [_passes(1, seconds, lambda: grid_scores(network, image, how, device))]
    stacks = [torch.stack([image] * size) for size in (1, subject.recipe.batch)]
    return [
        _passes(len(one), seconds, partial(canvas_scores, network, one, device, len(one))) for one in stacks
    ]


def _passes(size: int, seconds: float, run: Callable[[], object]) -> Measured:
    run()
    took: list[float] = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        before = time.perf_counter()
        run()
        took.append(time.perf_counter() - before)
    return _measured("forward pass alone", size, size * len(took), sum(took), took)


def served(subject: Subject, seconds: float, at_once: tuple[int, ...]) -> list[Measured]:
    """Requests over HTTP: decode, check, prepare, forward, answer. The client runs on the same cores."""
    random = np.random.default_rng(0)
    contents = [subject.content(random) for _ in range(DIFFERENT)]
    with serving(subject) as port:
        ask(port, contents[0], subject.media_type)
        return [_asked(port, contents, subject.media_type, count, seconds) for count in at_once]


def _asked(port: int, contents: list[bytes], kind: str, at_once: int, seconds: float) -> Measured:
    began = time.perf_counter()

    def one(start: int) -> list[float]:
        took, number = [], start
        while time.perf_counter() - began < seconds:
            before = time.perf_counter()
            ask(port, contents[number % len(contents)], kind)
            took.append(time.perf_counter() - before)
            number += 1
        return took

    with ThreadPoolExecutor(at_once) as pool:
        took = [each for part in pool.map(one, range(at_once)) for each in part]
    return _measured("served over HTTP", at_once, len(took), time.perf_counter() - began, took)


def _measured(arm: str, at_once: int, images: int, seconds: float, took: list[float]) -> Measured:
    shown = {name: 1000 * value for name, value in percentiles(took).items()}
    return Measured(arm, at_once, images / seconds, shown)


def ask(port: int, content: bytes, kind: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", "/invocations", content, {"Content-Type": kind})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"the container answered {answer.status}: {body[:200]!r}")
    return body


@contextmanager
def serving(subject: Subject) -> Iterator[int]:
    """The container's own process, on a free port of this machine."""
    with tempfile.TemporaryDirectory() as base:
        subject.save(Path(base) / "model")
        port = free_port()
        told = {"SAGEMAKER_BASE_DIR": base, "SAGEMAKER_BIND_TO_PORT": str(port)}
        process = subprocess.Popen(
            [sys.executable, "-m", "training.serve"],
            cwd=CODE,
            env={**os.environ, **told, "MEDLOOP_BIND_HOST": "127.0.0.1"},
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_until_serving(process, port)
            yield port
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_serving(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise RuntimeError("the container does not serve")
