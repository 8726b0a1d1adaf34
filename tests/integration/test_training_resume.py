"""Interrupted anywhere and started again, a job ends with the weights it would have had."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from training_job import ROOT, container, container_tree, failure, finish, retell, shapes, weights

from training.container import Folders
from training.train import main as train

EPOCHS = 5


def a_job(base: Path) -> Folders:
    return container_tree(base, shapes(each=40), {"epochs": EPOCHS})


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    folders = a_job(tmp_path_factory.mktemp("uninterrupted"))
    assert train(folders) == 0
    return folders


def interrupt(process: "subprocess.Popen[str]", after: str, number: signal.Signals) -> str:
    """Send the signal as soon as `after` is printed; the rest of the output."""
    assert process.stdout is not None
    seen = ""
    while after not in seen:
        line = process.stdout.readline()
        assert line, f"ended without printing {after}: {seen}"
        seen += line
    process.send_signal(number)
    rest, _ = process.communicate(timeout=60)
    return rest


def test_after_sigterm_the_resumed_weights_equal_the_uninterrupted(
    uninterrupted: Folders, tmp_path: Path
) -> None:
    folders = a_job(tmp_path)
    process = container("train", folders)
    rest = interrupt(process, "epoch=2 ", signal.SIGTERM)
    assert process.returncode == 0
    assert "checkpoint written" in rest
    assert not folders.failure.exists()
    assert not folders.model.exists()
    assert re.search(r"resumed after epoch [234], batch", finish(container("train", folders)))
    assert weights(folders) == weights(uninterrupted)


# The debug recipe, but with a checkpoint after every step.
EVERY_STEP = """
import sys
from medloop.rules.recipes import debug_pictures
from training import train
def every_step():
    return debug_pictures().but(checkpoint_seconds=0)
sys.exit(train.main(recipes={("classification", 2, "debug"): every_step}))
"""


def start_with_a_checkpoint_every_step(folders: Folders) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", EVERY_STEP],
        cwd=ROOT,
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(folders.base)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_after_sigkill_the_resumed_weights_equal_the_uninterrupted(
    uninterrupted: Folders, tmp_path: Path
) -> None:
    folders = a_job(tmp_path)
    process = start_with_a_checkpoint_every_step(folders)
    interrupt(process, "epoch=2 ", signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    output = finish(start_with_a_checkpoint_every_step(folders))
    assert "resumed after epoch" in output
    assert weights(folders) == weights(uninterrupted)


def newest(folders: Folders) -> Path:
    return max(folders.checkpoints.glob("*.pt"), key=lambda path: path.stat().st_mtime_ns)


def finished_job(base: Path) -> Folders:
    folders = container_tree(base, shapes(each=10), {"epochs": 3})
    assert train(folders) == 0
    return folders


@pytest.mark.parametrize("damage", ["cut short", "one bit", "empty"])
def test_a_torn_checkpoint_is_passed_over_for_the_one_before(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = finished_job(tmp_path)
    before = weights(folders)
    content = newest(folders).read_bytes()
    torn = {
        "cut short": content[:-100],
        "one bit": content[:-100] + bytes([content[-100] ^ 1]) + content[-99:],
        "empty": b"",
    }
    newest(folders).write_bytes(torn[damage])
    assert train(folders) == 0
    output = capsys.readouterr().out
    assert "is torn and not used" in output
    assert "resumed after epoch 2, batch 0" in output
    assert weights(folders) == before


def test_when_both_checkpoints_are_torn_training_starts_afresh(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = finished_job(tmp_path)
    before = weights(folders)
    for path in folders.checkpoints.iterdir():
        path.write_bytes(path.read_bytes()[:50])
    assert train(folders) == 0
    assert "resumed" not in capsys.readouterr().out
    assert weights(folders) == before


def test_a_finished_training_is_not_trained_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = finished_job(tmp_path)
    capsys.readouterr()
    assert train(folders) == 0
    assert "epoch=" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"dataset": "f" * 64}, "dataset"),
        ({"overrides": '{"epochs": 4}'}, "recipe"),
        ({"seed": "1"}, "seed"),
        ({"classes": '["stripes", "disc", "frame"]'}, "classes"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(
    finished: Folders, other: dict[str, str], named: str
) -> None:
    retell(finished, **other)
    assert train(finished) == 1
    assert failure(finished) == (
        f"the checkpoint folder belongs to another training (its {named} differs); "
        "give this job a folder of its own"
    )


@pytest.fixture
def finished(tmp_path: Path) -> Folders:
    return finished_job(tmp_path)
