"""How long a step of the loop takes, part by part, beside what the device can do at all.

python -m benchmarks.training.ceiling OUT.json
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.training.clock import write
from benchmarks.training.profile import shares
from medloop.rules.recipe import Recipe
from medloop.rules.recipes import RECIPES
from training.data.pool import Pool
from training.data.preprocessing import Canvas, Grid, Intensities
from training.fit import decayed
from training.network import build_network, half_precision, placed
from training.tasks import Task, task_of

CASES = (("classification", 2, "debug"), ("segmentation", 3, "debug"), ("segmentation", 3, "best"))
PATCH = (48, 64, 48)
"""Around a hippocampus' crop."""
MATRIX, COPIED = 2048, 2**26
"""Sides of the matrices; values copied."""
ROUNDS = 5


def main() -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    limits = {
        "float32": matrix_product(device, torch.float32),
        "bfloat16": matrix_product(device, torch.bfloat16),
        "bandwidth": bandwidth(device),
    }
    steps = {" ".join(map(str, key)): step_of(RECIPES[key](), device, limits) for key in CASES}
    write(Path(sys.argv[1]), {"limits": limits, "steps": steps})


def least(device: torch.device, act: Callable[[], Any]) -> float:
    """Seconds of the quickest of several rounds."""
    spent = []
    for _ in range(ROUNDS):
        finished(device)
        began = time.perf_counter()
        act()
        finished(device)
        spent.append(time.perf_counter() - began)
    return min(spent)


def finished(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def matrix_product(device: torch.device, kind: torch.dtype) -> float:
    """Operations a second, an addition and a multiplication counting as two."""
    one, other = (torch.randn(MATRIX, MATRIX, device=device).to(kind) for _ in range(2))
    return 2 * MATRIX**3 / least(device, lambda: one @ other)


def bandwidth(device: torch.device) -> float:
    """Bytes a second, read and written."""
    source = torch.zeros(COPIED, device=device)
    target = torch.empty_like(source)
    return 2 * 4 * COPIED / least(device, lambda: target.copy_(source))


def step_of(recipe: Recipe, device: torch.device, limits: dict[str, float]) -> dict[str, Any]:
    """Seconds of each part, operations of the network, and the share of the device's peak that it reached."""
    task = task_of(recipe, ("one", "two", "three"))
    how, pool = made_up(recipe, device)
    network = placed(build_network(recipe.network, how, task.outputs), recipe.spatial_dims, device)
    half = half_precision(device, recipe.network, how)
    batch = how.batch if isinstance(how, Grid) else recipe.batch
    step = Step(task, pool, how, network, half, batch, device)
    parts = step.seconds()
    operations = counted(task, pool, how, network, batch, device)
    reached = operations / (parts["forward"] + parts["backward"])
    peak = limits["bfloat16" if half is torch.bfloat16 else "float32"]
    return {
        "batch": batch,
        "precision": str(half or torch.float32).removeprefix("torch."),
        "seconds": parts,
        "operations": operations,
        "share of peak": round(reached / peak, 3),
        "profile": shares(step.whole, device),
    }


def made_up(recipe: Recipe, device: torch.device) -> tuple[Canvas | Grid, Pool]:
    window = Intensities(window=None)
    generator = torch.Generator().manual_seed(0)
    count = 64
    names = tuple(map(str, range(count)))
    if recipe.task == "segmentation":
        grid = Grid(
            spatial_dims=3,
            channels=1,
            spacing=(1, 1, 1),
            patch=PATCH,
            batch=4,
            intensities=window,
            reasons=(),
        )
        images = tuple(torch.rand(1, *PATCH, generator=generator).to(device) for _ in names)
        masks = tuple((image[0] * 4).byte() for image in images)
        return grid, Pool(images, names, names, torch.empty(0), masks=masks)
    canvas = Canvas(spatial_dims=2, channels=1, size=recipe.size, intensities=window)
    stack = torch.rand(count, 1, *canvas.shape, generator=generator).to(device)
    targets = (torch.arange(count) % 3).to(device)
    return canvas, Pool(tuple(stack), names, names, targets, stack)


class Step:
    """One step of the loop, by the functions that the loop itself calls."""

    def __init__(
        self,
        task: Task,
        pool: Pool,
        how: Canvas | Grid,
        network: torch.nn.Module,
        half: torch.dtype | None,
        batch: int,
        device: torch.device,
    ) -> None:
        self._task, self._pool, self._how, self._network = task, pool, how, network
        self._half, self._batch, self._device = half, batch, device
        self._weights = task.weigh(pool).to(device)
        self._optimiser = torch.optim.AdamW(decayed(network, 0.01), fused=True)
        self._chosen = torch.arange(batch) % len(pool)
        self._inputs = self._targets = self._loss = torch.empty(0)

    def load(self) -> None:
        draws = self._task.draw(self._batch, self._how, torch.Generator().manual_seed(0))
        drawn = self._task.batch(self._pool, self._chosen, draws, self._how, self._device)
        self._inputs, self._targets = drawn

    def forward(self) -> None:
        with torch.autocast(self._device.type, dtype=self._half, enabled=self._half is not None):
            outputs = self._network(self._inputs)
        self._loss = self._task.losses(outputs.float(), self._targets, self._weights).mean()

    def backward(self) -> None:
        self._optimiser.zero_grad()
        torch.autograd.backward(self._loss)

    def optimise(self) -> None:
        self._optimiser.step()

    def whole(self) -> None:
        for act in (self.load, self.forward, self.backward, self.optimise):
            act()

    def seconds(self) -> dict[str, float]:
        """The quickest of several rounds of each part."""
        parts = {one.__name__: one for one in (self.load, self.forward, self.backward, self.optimise)}
        spent = {name: list[float]() for name in parts}
        for _ in range(ROUNDS):
            for name, act in parts.items():
                finished(self._device)
                began = time.perf_counter()
                act()
                finished(self._device)
                spent[name].append(time.perf_counter() - began)
        return {name: min(times) for name, times in spent.items()}


def counted(
    task: Task, pool: Pool, how: Canvas | Grid, network: torch.nn.Module, batch: int, device: torch.device
) -> int:
    """Operations of one forward and backward pass of the network."""
    draws = task.draw(batch, how, torch.Generator().manual_seed(0))
    inputs, targets = task.batch(pool, torch.arange(batch) % len(pool), draws, how, device)
    with FlopCounterMode(display=False) as counter:
        torch.autograd.backward(task.losses(network(inputs), targets, task.weigh(pool).to(device)).mean())
    return int(counter.get_total_flops())


if __name__ == "__main__":
    main()
