"""A training may start from the weights of an earlier model, or of a bundle from elsewhere."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from training_job import container_tree, evaluation, failure, shapes

from medloop.workbench.start import start_name
from training.container import Folders
from training.train import main as train


def a_job(base: Path, **overrides: object) -> Folders:
    return container_tree(base, shapes(each=10), {"least_batches": 4, "batch": 8, **overrides})


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    folders = a_job(tmp_path_factory.mktemp("earlier"), epochs=3)
    assert train(folders) == 0
    return folders


def starting_from(base: Path, file: Path, **overrides: object) -> Folders:
    folders = a_job(base, **overrides)
    folders.start.mkdir(parents=True)
    name = start_name(file)
    shutil.copy(file, folders.start / name)
    told = json.loads(folders.hyperparameters.read_bytes())
    folders.hyperparameters.write_text(json.dumps({**told, "start": name}))
    return folders


@pytest.mark.parametrize("weights", ["model.safetensors", "bundle/models/model.pt"])
def test_the_first_epoch_is_better_than_from_random_weights(
    earlier: Folders, tmp_path: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(a_job(tmp_path / "random")) == 0
    assert train(starting_from(tmp_path / "started", earlier.model / weights)) == 0
    lines = capsys.readouterr().out.splitlines()
    afresh, started = (float(line.split("train_loss=")[1].split()[0]) for line in lines if "epoch=1 " in line)
    assert started < afresh
    assert any(line.startswith("started from ") for line in lines)


@pytest.mark.parametrize("weights", ["model.safetensors", "bundle/models/model.pt"])
def test_in_no_epochs_they_are_judged_as_they_are(earlier: Folders, tmp_path: Path, weights: str) -> None:
    folders = starting_from(tmp_path, earlier.model / weights, epochs=0)
    assert train(folders) == 0
    assert (folders.model / "model.safetensors").read_bytes() == (
        earlier.model / "model.safetensors"
    ).read_bytes()
    found, known = evaluation(folders), evaluation(earlier)
    assert (found.epochs, found.challenger) == (0, known.challenger)
    assert "taken as they are" in (folders.model / "MODEL_CARD.md").read_text()


def test_in_no_epochs_all_of_them_are_needed(earlier: Folders, tmp_path: Path) -> None:
    network = {"planes": [16, 32, 64, 256], "layers": [1, 1, 1, 1], "stem_stride": 2, "kind": "ResNet"}
    folders = starting_from(tmp_path, earlier.model / "model.safetensors", network=network, epochs=0)
    assert train(folders) == 1
    assert "nothing is learnt in 0 epochs" in failure(folders)


def test_no_epochs_without_them_are_refused(tmp_path: Path) -> None:
    folders = a_job(tmp_path, epochs=0)
    assert train(folders) == 1
    assert "there are none" in failure(folders)


def test_layers_of_another_shape_are_left_as_they_are(
    earlier: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = {"planes": [16, 32, 64, 256], "layers": [1, 1, 1, 1], "stem_stride": 2, "kind": "ResNet"}
    assert train(starting_from(tmp_path, earlier.model / "model.safetensors", network=network)) == 0
    taken, whole = capsys.readouterr().out.split("started from ")[1].split(" tensors")[0].split(" of ")
    assert 0 < int(taken) < int(whole)


class Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("this must not run",))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"weight": Runs()}, "start: the file is damaged, or holds pickled objects"),
        ({"epoch": 3}, "start: the file holds other things than named tensors"),
        (
            {"weight": torch.zeros(3)},
            "start: none of its weights fits the recipe's network; override network",
        ),
    ],
)
def test_a_file_that_is_no_fitting_weights_is_refused(
    content: object, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(content, tmp_path / "model.pt")
    folders = starting_from(tmp_path / "job", tmp_path / "model.pt")
    assert train(folders) == 1
    assert failure(folders) == sentence
    assert "this must not run" not in capsys.readouterr().out


def test_a_channel_that_holds_something_else_is_refused(earlier: Folders, tmp_path: Path) -> None:
    folders = starting_from(tmp_path, earlier.model / "model.safetensors")
    next(folders.start.iterdir()).write_bytes(b"others")
    assert train(folders) == 1
    assert failure(folders) == "start: the channel does not hold the weights that the job was told of"


def test_a_checkpoint_from_another_start_is_not_continued(earlier: Folders, tmp_path: Path) -> None:
    folders = starting_from(tmp_path, earlier.model / "model.safetensors")
    assert train(folders) == 0
    told = json.loads(folders.hyperparameters.read_bytes())
    folders.hyperparameters.write_text(json.dumps({**told, "start": ""}))
    assert train(folders) == 1
    assert "its start differs" in failure(folders)
