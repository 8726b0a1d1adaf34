"""Stopped twenty times at random, politely or not, a job ends with the weights it would have had."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from training_job import ROOT, balls, container_tree, evaluation, shapes, weights

from training.checkpoint import SLOTS
from training.container import Folders

STOPS = 20
STEPS = {"epochs": 6, "least_batches": 16, "batch": 4}
DEADLINE = 60.0

# One process that imports PyTorch once, and runs each line's job in a fork of its own, with a checkpoint
# after every step. It answers with the fork's process id at once, and with how it ended later.
FORKS = """
import os, sys
import torch
from medloop.rules import recipes
from training import train
from training.container import Folders
from pathlib import Path
torch.set_num_threads(1)
def at_every_step(recipe):
    return lambda: recipe().but(checkpoint_seconds=0)
cookbook = {key: at_every_step(recipe) for key, recipe in recipes.RECIPES.items()}
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = train.main(Folders(Path(line.strip())), cookbook)
        os._exit(code)
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


class Runner:
    """Trains the jobs it is given, one after another."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def start(self, folders: Folders) -> int:
        """The job's process."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folders.base}\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> int:
        """The exit code, once it has ended; minus the signal that killed it."""
        return self._answer()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with subprocess.Popen(
        [sys.executable, "-c", FORKS],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Runner(process)
        assert process.stdin is not None
        process.stdin.close()


def order(folders: Folders) -> int:
    """How many checkpoints the job has written so far."""
    return max((_order_of(folders.checkpoints / slot) for slot in SLOTS), default=0)


def _order_of(file: Path) -> int:
    try:
        with file.open("rb") as content:
            return int(json.loads(content.readline())["order"])
    except FileNotFoundError:
        return 0


def wait_for_checkpoint(folders: Folders, number: int) -> None:
    until = time.monotonic() + DEADLINE
    while order(folders) < number:
        assert time.monotonic() < until, "no further checkpoint was written"
        time.sleep(0.002)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_weights_after_twenty_stops_equal_those_of_a_job_left_alone(
    task: str, runner: Runner, tmp_path: Path
) -> None:
    kinds = {"classification": lambda: shapes(each=20), "segmentation": lambda: balls(10, size=32)}
    classes = '["core", "shell"]' if task == "segmentation" else '["disc", "frame", "stripes"]'
    alone, stopped = (
        container_tree(tmp_path / name, kinds[task](), STEPS, task=task, classes=classes)
        for name in ("alone", "stopped")
    )
    chance = random.Random(0)
    for stop in range(STOPS):
        process, before = runner.start(stopped), order(stopped)
        wait_for_checkpoint(stopped, before + chance.randint(1, 5))
        time.sleep(chance.uniform(0, 0.05))
        number = chance.choice([signal.SIGTERM, signal.SIGKILL])
        os.kill(process, number)
        # A polite stop ends well: SageMaker starts the job again, and does not call it failed.
        assert runner.end() == (0 if number == signal.SIGTERM else -signal.SIGKILL)
        assert not stopped.model.exists(), f"the training was over before stop {stop}"
    for folders in (alone, stopped):
        runner.start(folders)
        assert runner.end() == 0
    assert weights(stopped) == weights(alone)
    assert evaluation(stopped).challenger == evaluation(alone).challenger
