"""One arm in a process of its own, on the cores and threads that every arm gets.

python -m benchmarks.training.arm OUT.json < what
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel

from benchmarks.training import ours, plain_unet, sets, tutorial
from benchmarks.training.clock import Clock, best, write
from medloop.workbench.tree import Tree


class What(BaseModel):
    arm: str
    """mednist-tutorial, mednist-ours, hippocampus-plain or hippocampus-ours."""
    data: Path
    folder: Path
    """For everything that is made on the way."""
    per_class: int | None
    """Images of each MedNIST class; None for all."""
    minutes: float
    """Then the arm ends after its next look, target or not."""
    target: float
    workers: int


LONGER = {"epochs": 60, "patience": 60, "ema": 0.98}
"""The debug recipe is a minute's; minutes are what is compared here."""


def main() -> None:
    what = What.model_validate_json(sys.stdin.read())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    write(Path(sys.argv[1]), ARMS[what.arm](what, device))


def mednist_tutorial(what: What, device: torch.device) -> dict[str, Any]:
    folder = sets.mednist(what.data, what.folder, what.per_class)
    return tutorial.run(folder, device, what.workers, until(what, tutorial.EPOCHS))


def mednist_ours(what: What, device: torch.device) -> dict[str, Any]:
    folder = sets.mednist(what.data, what.folder, what.per_class)
    return ours.run(folder, what.folder / "mednist-ours", {}, what.minutes, "debug")


def hippocampus_ours(what: What, device: torch.device) -> dict[str, Any]:
    made = what.folder / "hippocampus-ours"
    return ours.run(what.data / "hippocampus", made, LONGER, what.minutes, "debug")


def hippocampus_plain(what: What, device: torch.device) -> dict[str, Any]:
    """After our arm, whose prepared files it reads."""
    sides = sets.unpacked(Tree(what.folder / "hippocampus-ours"), what.folder / "hippocampus")
    return plain_unet.run(sides, device, what.workers, until(what, 1))


def until(what: What, looks: int) -> Callable[[Clock], bool]:
    """The target is reached, after so many looks at least, or the time is up."""

    def stop(clock: Clock) -> bool:
        reached = len(clock.rows) >= looks and best(clock.rows) >= what.target
        return reached or clock.seconds() > what.minutes * 60

    return stop


ARMS: dict[str, Callable[[What, torch.device], dict[str, Any]]] = {
    "mednist-tutorial": mednist_tutorial,
    "mednist-ours": mednist_ours,
    "hippocampus-ours": hippocampus_ours,
    "hippocampus-plain": hippocampus_plain,
}

if __name__ == "__main__":
    main()
