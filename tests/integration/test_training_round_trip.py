"""From the channels to an answer: train, hand the model over, serve it, ask."""

import http.client
import json
import re
import signal
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training_job import (
    PROJECT,
    SHAPES,
    container,
    container_tree,
    evaluation,
    failure,
    finish,
    npy_bytes,
    retell,
    shape,
    shapes,
    weights,
)

from events.inference import ModelOutput
from training.__main__ import main as command
from training.container import Folders
from training.train import main as train

NPY = {"Content-Type": "application/x-npy"}


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folders, str]:
    """A finished debug job, and what it printed."""
    folders = container_tree(tmp_path_factory.mktemp("job"), shapes(each=40), {"epochs": 12})
    return folders, finish(container("train", folders))


@pytest.fixture(scope="module")
def port(job: tuple[Folders, str]) -> Iterator[int]:
    process = container("serve", job[0], SAGEMAKER_BIND_TO_PORT="0")
    assert process.stdout is not None
    found = re.search(r"on port (\d+)", process.stdout.readline())
    assert found
    yield int(found[1])
    process.send_signal(signal.SIGTERM)
    finish(process)


def ask(port: int, body: bytes, headers: dict[str, str] = NPY) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/invocations", body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def picture(name: str) -> bytes:
    return npy_bytes(shape(name, np.random.default_rng(99)))


def test_training_learns_the_shapes_and_says_so(job: tuple[Folders, str]) -> None:
    folders, output = job
    result = evaluation(folders)
    assert result.project == PROJECT
    assert result.test_items == 24
    assert result.challenger.value >= 0.9
    assert result.champion is None
    assert sum(map(sum, result.confusion)) == 24
    assert f"test_score={result.challenger.value:.4f}" in output


def test_training_prints_one_line_per_epoch_that_metric_definitions_read(job: tuple[Folders, str]) -> None:
    folders, output = job
    pattern = r"^epoch=(\d+) train_loss=(\S+) validation_loss=(\S+) validation_score=(\S+)"
    history = json.loads((folders.results / "history.json").read_text())
    assert [int(match[0]) for match in re.findall(pattern, output, re.M)] == [row["epoch"] for row in history]
    fields = "epoch train_loss validation_loss validation_score learning_rate seconds"
    assert set(history[0]) == set(fields.split())


def test_the_model_folder_holds_nothing_that_runs_when_it_is_read(job: tuple[Folders, str]) -> None:
    files = [path for path in job[0].model.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"MODEL_CARD.md", "model.json", "model.safetensors", "model_card.json"} <= names
    # MONAI wants the bundle's weights as torch.save writes them: tensors alone.
    assert torch.load(job[0].model / "bundle" / "models" / "model.pt", weights_only=True)
    assert {path.suffix for path in files} <= {".md", ".json", ".safetensors", ".png", ".pt", ".ts"}


@pytest.mark.parametrize("name", SHAPES)
def test_the_served_model_names_the_shape(port: int, name: str) -> None:
    status, body = ask(port, picture(name))
    output = ModelOutput.model_validate_json(body)
    assert (status, output.label) == (200, name)
    assert sum(output.probabilities.values()) == pytest.approx(1)
    assert output.confidence == max(output.probabilities.values())


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "not an .npy file"),
        (b"\x89PNG\r\n\x1a\n", "not an .npy file"),
        (npy_bytes(np.zeros((4, 4, 4))), "expected HxW or HxWx3"),
        (npy_bytes(np.full((4, 4), np.nan)), "NaN"),
        (npy_bytes(np.array([[{"pickled": True}]], dtype=object)), "other than real numbers"),
        (npy_bytes(np.zeros((8, 8)))[:-1], "not what its header says"),
        (npy_bytes(np.zeros((8, 8))).replace(b"(8, 8), }  ", b"(999,999), }"), "not an .npy file"),
        (npy_bytes(np.zeros((8, 8))).replace(b"(8, 8), }    ", b"(999,999), } "), "not what its header says"),
        (npy_bytes(np.zeros((8, 8))).replace(b"(8, 8)", b"(-8,8)"), "not an .npy file"),
        (npy_bytes(np.zeros((8, 8))).replace(b"(8, 8)", b"(((((("), "not an .npy file"),
    ],
)
def test_serving_refuses_what_is_no_image_and_goes_on(port: int, body: bytes, complaint: str) -> None:
    status, answer = ask(port, body)
    assert status == 400
    assert complaint in json.loads(answer)["error"]
    assert ask(port, picture("disc"))[0] == 200


def test_serving_refuses_other_content_types(port: int) -> None:
    status, answer = ask(port, picture("disc"), {"Content-Type": "image/png"})
    assert (status, "application/x-npy" in json.loads(answer)["error"]) == (400, True)


def test_serving_refuses_a_body_beyond_the_cap_before_reading_it(port: int) -> None:
    status, answer = ask(port, b"", {**NPY, "Content-Length": str(1 << 40)})
    assert (status, "at most" in json.loads(answer)["error"]) == (400, True)


def test_serving_answers_the_ping_and_nothing_else(port: int) -> None:
    statuses = []
    for path in ("/ping", "/"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", path)
        statuses.append(connection.getresponse().status)
    assert statuses == [200, 404]


def test_serving_without_a_model_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    assert command(["serve"]) == 1
    assert capsys.readouterr().err == "model.safetensors or model.json is missing\n"


def challenge(folders: Folders, champion: Folders, version: str) -> int:
    folders.champion.parent.mkdir(parents=True)
    with tarfile.open(folders.champion, "w:gz") as archive:
        archive.add(champion.model, arcname=".")
    retell(folders, model_version="2", champion_version=version)
    return train(folders)


def test_the_champion_is_measured_on_the_same_images(job: tuple[Folders, str], tmp_path: Path) -> None:
    champion, _ = job
    folders = container_tree(tmp_path, shapes(each=40), seed="1")
    assert challenge(folders, champion, version="1") == 0
    first, second = evaluation(champion), evaluation(folders)
    assert second.test_digest == first.test_digest
    assert (second.champion_version, second.champion) == (1, first.challenger)
    assert second.difference is not None and second.champion is not None
    gained = second.challenger.value - second.champion.value
    assert second.difference.low <= gained <= second.difference.high


def test_a_champion_of_another_version_is_refused(job: tuple[Folders, str], tmp_path: Path) -> None:
    folders = container_tree(tmp_path, shapes(each=10))
    assert challenge(folders, job[0], version="7") == 1
    assert failure(folders) == "champion channel: model.json names another project or version"


def test_a_champion_with_classes_renamed_is_right_only_where_names_agree(
    job: tuple[Folders, str], tmp_path: Path
) -> None:
    renamed = [
        replace(example, labels=tuple("ring" if name == "frame" else name for name in example.labels))
        for example in shapes(each=40)
    ]
    folders = container_tree(tmp_path, renamed)
    assert challenge(folders, job[0], version="1") == 0
    champion = evaluation(folders).champion
    assert champion is not None
    assert champion.per_class["ring"] == 0
    assert champion.per_class["disc"] == evaluation(job[0]).challenger.per_class["disc"]


def test_the_same_job_gives_the_same_weights(job: tuple[Folders, str], tmp_path: Path) -> None:
    runs = [container_tree(tmp_path / name, shapes(each=10)) for name in "ab"]
    assert [train(folders) for folders in runs] == [0, 0]
    assert weights(runs[0]) == weights(runs[1])


def test_the_image_knows_two_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["predict"]) == 2
    assert capsys.readouterr().err == "usage: python -m training train|serve|export\n"
