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


# The second process's memory holds three images at a time.
NARROW = """
import os, sys
import torch
from training.tasks.classification import Classification
from training.train import main
batch = Classification.batch
def narrow(self, pool, chosen, draws, how, device):
    if os.environ["RANK"] == "1" and len(chosen) > 3:
        raise torch.OutOfMemoryError("that is too much")
    return batch(self, pool, chosen, draws, how, device)
Classification.batch = narrow
sys.exit(main())
"""


def torchrun(folders: Folders, processes: int, *what: str) -> str:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*launcher, f"--nproc-per-node={processes}", *(what or ("-m", "training", "train"))]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(folders.base), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


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


def test_where_one_process_has_too_little_memory_both_take_smaller_parts(tmp_path: Path) -> None:
    planned = a_job(tmp_path / "planned", "classification", shapes(each=15), accumulate=2)
    torchrun(planned, 2)
    surprised = a_job(tmp_path / "surprised", "classification", shapes(each=15))
    script = tmp_path / "narrow.py"
    script.write_text(NARROW, encoding="utf-8")
    said = torchrun(surprised, 2, str(script))
    assert said.count("out of memory: from now on a batch is computed in 2 parts by each process") == 1
    ours, theirs = (load(weights(folders)) for folders in (surprised, planned))
    assert all((ours[name] == theirs[name]).all() for name in theirs)


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
