"""`medloop train --here`: from a folder to a model and its numbers, in every form, and after any stop."""

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_job import Example, ball, findings, shape, shapes, solids
from typer.testing import CliRunner

from local.main import app
from medloop.imaging.picture import Volume
from medloop.imaging.volumes import encode_volume
from tests.homely import npz, write
from tests.images import dicom, png

QUICK = ("--recipe", "debug", "--override", "least_batches=2", "--override", "most_batches=2")
ONE = (*QUICK, "--override", "epochs=1")

KEYS = {
    *("task", "metric", "train_items", "test_items", "test", "baseline", "epochs", "seconds"),
    *("seconds_to_target", "target", "device", "processes", "peak_memory"),
    *("recipe", "overrides", "seed", "split", "left_out"),
}
FILES = {"model.safetensors", "model.json", "MODEL_CARD.md"}


def words(data: Path, out: Path, *options: str) -> list[str]:
    return ["train", "--here", "--data", str(data), "--out", str(out), *options]


def trained(data: Path, out: Path, *options: str) -> dict[str, Any]:
    """metrics.json of a run that ended well."""
    result = CliRunner().invoke(app, words(data, out, *options))
    assert result.exit_code == 0, result.output
    assert {file.name for file in (out / "model").iterdir()} >= {
        "model.safetensors",
        "model.json",
        "MODEL_CARD.md",
    }
    metrics: dict[str, Any] = json.loads((out / "metrics.json").read_bytes())
    assert metrics.keys() == KEYS
    assert metrics["test"]["low"] <= metrics["test"]["value"] <= metrics["test"]["high"]
    return metrics


def grey(values: Any) -> bytes:
    """A PNG of any values."""
    spread = (values - values.min()) / np.ptp(values) * 255
    return png(spread.astype(np.uint8))


def folders(root: Path, examples: list[Example]) -> Path:
    for number, example in enumerate(examples):
        write(root / example.labels[0] / f"a picture {number}.png", grey(example.array))
    return root


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return folders(tmp_path / "data", list(shapes(each=8)))


def test_class_folders_with_patients_and_rubbish_among_them(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("disc", "frame"):
        for number in range(12):
            values = (shape(name, random) - shape(name, random).min()).clip(0, 4095).astype(np.uint16)
            content = dicom(values, PatientID=f"FICTION-{name}-{number // 3}")
            write(tmp_path / "data" / name / str(number), content)
    write(tmp_path / "data" / "disc" / "notes.txt", "about them")
    metrics = trained(tmp_path / "data", tmp_path / "out", *ONE)
    assert (metrics["task"], metrics["metric"]) == ("classification", "accuracy")
    assert metrics["split"] == {"train": 12, "validation": 6, "test": 6}
    assert metrics["left_out"] == {"not_an_image": 1}
    assert set(metrics["test"]["per_class"]) == {"disc", "frame"}
    lines = (tmp_path / "out" / "job" / "input" / "data" / "dataset" / "manifest.jsonl").read_text()
    assert "FICTION" not in lines
    samples = [json.loads(line) for line in lines.splitlines()]
    assert len({sample["group"] for sample in samples}) == 8
    assert len({(sample["group"], sample["split"]) for sample in samples}) == 8


def test_volumes_with_painted_masks_as_nnunet_lays_them_out(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(6):
        image, mask = ball(random, 20, 3)
        for folder, values, ending in (
            ("imagesTr", image, "_0000"),
            ("labelsTr", mask.astype(np.float32), ""),
        ):
            content = encode_volume(Volume(values, np.diag([1.0, 1.0, 1.5, 1.0]), {"channels": 1}))
            write(tmp_path / "data" / folder / f"case_{number}{ending}.nii.gz", content)
    labels = {"background": 0, "core": 1, "shell": 2}
    write(tmp_path / "data" / "dataset.json", json.dumps({"labels": labels, "file_ending": ".nii.gz"}))
    metrics = trained(tmp_path / "data", tmp_path / "out", *ONE)
    assert (metrics["task"], metrics["metric"]) == ("segmentation", "mean Dice")
    assert metrics["split"] == {"train": 4, "validation": 1, "test": 1}
    assert set(metrics["test"]["per_class"]) == {"core", "shell"}


def test_a_table_of_several_classes(tmp_path: Path) -> None:
    lines = ["file,label,split"]
    for number, example in enumerate(findings(30)):
        write(tmp_path / "data" / "images" / f"{number}.png", grey(example.array))
        lines.append(f"{number}.png,{'|'.join(example.labels)},{example.split}")
    write(tmp_path / "data" / "labels" / "table.csv", "\n".join(lines))
    metrics = trained(tmp_path / "data", tmp_path / "out", *ONE)
    assert (metrics["task"], metrics["metric"]) == ("multilabel", "macro AUROC")
    assert metrics["split"] == {"train": 18, "validation": 6, "test": 6}


def test_an_array_file_of_volumes(tmp_path: Path) -> None:
    made: dict[str, Any] = {}
    for side, seed in (("train", 0), ("val", 1), ("test", 2)):
        examples = list(solids(each=4, size=16, seed=seed))
        made[f"{side}_images"] = np.stack([example.array for example in examples])
        made[f"{side}_labels"] = np.array([[example.labels[0] == "ball"] for example in examples], np.uint8)
    metrics = trained(npz(tmp_path / "solids.npz", **made), tmp_path / "out", *ONE)
    assert metrics["split"] == {"train": 8, "validation": 8, "test": 8}


def digest(out: Path) -> str:
    """Of the weights."""
    return hashlib.sha256((out / "model" / "model.safetensors").read_bytes()).hexdigest()


def test_the_same_command_after_the_end_trains_nothing(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    for seed, side in enumerate(("train", "val", "test")):
        folders(data / side, list(shapes(each=4, seed=seed)))
    first = trained(data, out, *ONE, "--target", "0.01")
    assert first["split"] == {"train": 12, "validation": 12, "test": 12}
    assert 0 < first["seconds_to_target"] <= first["seconds"]
    log, weights = (out / "job" / "training.log").read_text(), digest(out)

    assert trained(data, out, *ONE, "--target", "0.01") == first
    assert trained(data, out, *ONE)["seconds_to_target"] is None
    assert (out / "job" / "training.log").read_text() == log
    for options, said in (
        (["--seed", "1"], "with another --seed"),
        (["--override", "batch=8"], "with another --override"),
        (["--split", "60/20/20"], "with another --split"),
        (["--task", "multilabel"], "with another --task"),
    ):
        assert said in refused(data, out, *ONE, *options)
    folders(data / "train", list(shapes(each=1, seed=5)))
    assert "with another --data, or state of it" in refused(data, out, *ONE)
    assert digest(out) == weights


def refused(data: Path, out: Path, *options: str) -> str:
    result = CliRunner().invoke(app, words(data, out, *options))
    assert result.exit_code == 1
    return result.stderr


LONG = (*QUICK, "--override", "epochs=12")


def started(data: Path, out: Path, until: str, *options: str) -> "subprocess.Popen[str]":
    """The command in a process of its own, once it has printed `until`."""
    program = [sys.executable, "-c", "from local.main import app; app()", *words(data, out, *options)]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    seen = ""
    while until not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    return process


def ended(process: "subprocess.Popen[str]", code: int) -> str:
    """What it printed meanwhile."""
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in rest
    return rest


def exported(out: Path, folder: Path) -> Path:
    """The job's data as `medloop dataset export` lays out a version."""
    channels = out / "job" / "input" / "data"
    write(folder / "manifest.jsonl", (channels / "dataset" / "manifest.jsonl").read_bytes())
    (folder / "shards").symlink_to(channels / "images" / "shards")
    return folder


def test_stopped_and_killed_it_ends_with_the_weights_of_an_uninterrupted_run(
    data: Path, tmp_path: Path
) -> None:
    out, options = tmp_path / "out", ("shapes", *LONG)
    stopped = started(data, out, "epoch=2 ", *options)
    stopped.send_signal(signal.SIGINT)
    rest = ended(stopped, 130)
    assert "checkpoint written" in rest
    assert rest.endswith("the same command goes on from there\n")

    killed = started(data, out, "epoch=5 ", *options)
    killed.kill()
    ended(killed, -signal.SIGKILL)
    metrics = trained(data, out, *options)
    assert (out / "job" / "training.log").read_text().count("resumed after epoch") == 2

    uninterrupted = trained(exported(out, tmp_path / "version"), tmp_path / "uninterrupted", *options)
    assert uninterrupted["test"] == metrics["test"]
    assert digest(tmp_path / "uninterrupted") == digest(out)


def test_two_processes_stop_at_once_when_told_twice(data: Path, tmp_path: Path) -> None:
    options = (*LONG, "--processes", "2")
    process = started(data, tmp_path / "out", "epoch=2 ", *options)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    ended(process, 130)
    metrics = trained(data, tmp_path / "out", *options)
    assert (metrics["processes"], metrics["epochs"]) == (2, 12)


def test_a_job_that_fails_says_why(data: Path, tmp_path: Path) -> None:
    said = refused(data, tmp_path / "out", *ONE, "--override", "learning_rate=1e30")
    assert "loss became" in said
    assert "training.log" in said
    assert not (tmp_path / "out" / "metrics.json").exists()
