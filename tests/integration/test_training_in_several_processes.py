"""Several processes, on one machine or on several, learn what one process learns."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from safetensors.torch import load
from training_job import (
    ROOT,
    Example,
    balls,
    container,
    container_tree,
    evaluation,
    findings,
    finish,
    shapes,
    weights,
)

from training.container import Folders

KINDS = {
    "classification": lambda: shapes(each=15),
    "multilabel": lambda: findings(30),
    "segmentation": lambda: balls(10),
}


def a_job(base: Path, task: str, examples: Iterable[Example], **overrides: int) -> Folders:
    short = {"epochs": 2, "least_batches": 4, "batch": 8, **overrides}
    classes = '["core", "shell"]' if task == "segmentation" else '["disc", "frame", "stripes"]'
    return container_tree(base, examples, short, task=task, classes=classes)


def torchrun(folders: Folders, processes: int) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*launcher, f"--nproc-per-node={processes}", "-m", "training", "train"]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(folders.base)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("task", KINDS)
def test_two_processes_learn_the_very_weights_of_one_that_takes_its_batches_in_two_parts(
    task: str, tmp_path: Path
) -> None:
    together = a_job(tmp_path / "two", task, KINDS[task]())
    torchrun(together, 2)
    alone = a_job(tmp_path / "one", task, KINDS[task](), accumulate=2)
    finish(container("train", alone))
    ours, theirs = (load(weights(folders)) for folders in (together, alone))
    assert all((ours[name] == theirs[name]).all() for name in theirs)
    assert evaluation(together).processes == 2
    assert evaluation(together).challenger == evaluation(alone).challenger


def test_two_machines_train_together_as_sagemaker_tells_them(tmp_path: Path) -> None:
    hosts = ["127.0.0.1", "127.0.0.2"]
    trees = [a_job(tmp_path / host, "classification", shapes(each=15)) for host in hosts]
    for host, folders in zip(hosts, trees, strict=True):
        told = {"current_host": host, "hosts": hosts, "network_interface_name": "lo"}
        folders.resources.write_text(json.dumps(told), encoding="utf-8")
    port = str(free_port())
    machines = [container("train", folders, MASTER_PORT=port) for folders in trees]
    for machine in machines:
        finish(machine)
    assert evaluation(trees[0]).processes == 2
    assert not trees[1].model.exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
