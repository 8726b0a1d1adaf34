"""What contradicts itself ends `medloop train` with a sentence and a remedy, before any image is read."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from local.main import app
from tests.homely import arrays, classes, masked, npz, write


def asked(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["train", *(str(word) for word in words)])


def refusal(result: Result) -> str:
    """One sentence and one remedy, on the standard error stream."""
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit)
    return result.stderr


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = classes(tmp_path / "data", ("cat", "dog"), each=1)
    for picture in root.rglob("*.png"):
        picture.write_bytes(b"whoever reads this finds no image")
    return root


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--split", "100/0/0"], "--split 100/0/0 is no split"),
        (["--target", "90"], "--target 90 is no score"),
        (["--target", "nan"], "--target nan is no score"),
        (["--override", "epochs"], "--override epochs is no key=value"),
        (["--override", "=3"], "is no key=value"),
        (["--override", "size={"], "is no key=value"),
        (["--override", "size=!!python/object:os.system x"], "is no key=value"),
        (["--override", "epochs=many"], "overrides.epochs"),
        (["--override", "epochs=0"], "0 judges the weights to start from, and there are none"),
        (["--override", "epoch=3"], "overrides.epoch: there is no such field"),
        (["--override", "[bold]=1"], "overrides.[bold]"),
        (["--override", "task=segmentation"], "task cannot be overridden"),
        (["--override", "size=63"], "multiple of"),
        (["--override", "network={kind: UNet, filters: [32, 64, 128]}"], "takes a ResNet"),
        (["--processes", "0"], "--processes"),
        (["--recipe", "huge"], "--recipe"),
        (["--max-minutes", "0"], "--max-minutes"),
        (["--seed", "-1"], "--seed"),
        (["--wait"], "for a training in the cloud"),
        (["--instance-type", "ml.g5.xlarge"], "for a training in the cloud"),
        (["--remote"], "either here or remote"),
        (["Bad_Name"], "is no name of a project"),
    ],
)
def test_options_that_contradict_themselves(data: Path, tmp_path: Path, words: list[str], said: str) -> None:
    result = asked("--here", "--data", data, "--out", tmp_path / "out", *words)
    assert said in refusal(result)
    assert not (tmp_path / "out").exists()


def test_data_and_a_place_for_the_model_are_needed(data: Path, tmp_path: Path) -> None:
    assert "--out" in refusal(asked("--here", "--data", data))
    assert "--data" in refusal(asked("--here", "--out", tmp_path / "out"))
    gone = tmp_path / "gone"
    assert "Invalid value for '--data'" in refusal(asked("--here", "--data", gone, "--out", tmp_path / "out"))


@pytest.mark.parametrize("words", [["--split", "8/1/1"], ["--processes", "2"], ["--target", "0.9"]])
def test_what_is_for_this_machine_is_not_sent_elsewhere(words: list[str]) -> None:
    assert "are for this machine" in refusal(asked("chest", *words))


@pytest.mark.parametrize("out", [".", "inside", ".."])
def test_a_model_does_not_go_where_the_images_are(data: Path, out: str) -> None:
    assert "--out lies in --data" in refusal(asked("--here", "--data", data, "--out", data / out))


def test_what_somebody_else_made_is_not_replaced(data: Path, tmp_path: Path) -> None:
    theirs = write(tmp_path / "out" / "model" / "weights", "dear")
    assert "is not of a training here" in refusal(asked("--here", "--data", data, "--out", tmp_path / "out"))
    assert theirs.read_text() == "dear"


@pytest.mark.parametrize("out", ["file", "file/below", "/proc/nowhere"])
def test_a_place_that_cannot_be_written_to_is_refused(data: Path, tmp_path: Path, out: str) -> None:
    write(tmp_path / "file", "")
    said = refusal(asked("--here", "--data", data, "--out", tmp_path / out))
    assert "file" in said or "/proc/nowhere" in said


def test_files_that_are_no_images_are_named(data: Path, tmp_path: Path) -> None:
    said = refusal(asked("--here", "--data", data, "--out", tmp_path / "out"))
    assert "there is no image that can be trained on" in said
    assert "2 not_an_image" in said
    lines = (tmp_path / "out" / "left-out.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert '"path": "cat/0.png", "reason": "not_an_image"' in lines[0]


def test_a_task_that_the_data_cannot_teach_is_refused(tmp_path: Path) -> None:
    words = ("--here", "--out", tmp_path / "out", "--task")
    root = classes(tmp_path / "folders", ("cat", "dog"))
    assert "for classification, not segmentation" in refusal(asked(*words, "segmentation", "--data", root))
    root = masked(tmp_path / "masked", 5)
    assert "for segmentation, not multilabel" in refusal(asked(*words, "multilabel", "--data", root))
    assert not (tmp_path / "out").exists()
    file = npz(tmp_path / "some.npz", **arrays())
    assert "for classification, not multilabel" in refusal(asked(*words, "multilabel", "--data", file))


def test_more_processes_than_images_are_refused(tmp_path: Path) -> None:
    root = classes(tmp_path / "data", ("cat", "dog"), each=5)
    said = refusal(asked("--here", "--data", root, "--out", tmp_path / "out", "--processes", "3"))
    assert "3 processes have 2 images to share" in said
    assert "--processes 2 at most" in said


def test_pictures_and_volumes_are_not_trained_on_together(tmp_path: Path) -> None:
    volumes = arrays(shape=(16, 16, 16))["train_images"]
    file = npz(tmp_path / "some.npz", **(arrays() | {"train_images": volumes}))
    said = refusal(asked("--here", "--data", file, "--out", tmp_path / "out"))
    assert "there are 24 pictures and 12 volumes" in said
