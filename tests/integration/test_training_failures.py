"""A job that cannot go on ends with exit code 1 and one clear sentence, free of patient data."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training_job import balls, container_tree, evaluation, failure, npy_bytes, retell, shapes

from medloop.rules.recipes import debug_pictures
from training.container import Folders, report_failure
from training.train import main as train

KIND = ("classification", 2, "debug")


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return container_tree(tmp_path, shapes(each=10))


def first_image(folders: Folders) -> Path:
    return next(iter(sorted(folders.images.rglob("*.npy"))))


def samples(folders: Folders) -> list[dict[str, str]]:
    return [json.loads(line) for line in folders.manifest.read_text().splitlines()]


def rewrite(folders: Folders, changed: list[dict[str, str]]) -> None:
    folders.manifest.write_text("".join(json.dumps(sample) + "\n" for sample in changed))


def test_a_loss_that_is_no_number_fails_loudly(folders: Folders) -> None:
    retell(folders, overrides='{"epochs": 3}')
    assert train(folders, {KIND: lambda: debug_pictures().but(learning_rate=1e30)}) == 1
    assert " loss became " in failure(folders)
    assert not folders.model.exists()


@pytest.mark.parametrize(
    ("hyperparameter", "value", "complaint"),
    [
        ("recipe", "huge", "recipe: there is no 'huge'; choose one of best, debug, small"),
        ("seed", "-1", "hyperparameters: seed: Input should be greater than or equal to 0"),
        ("classes", "[]", "hyperparameters: classes: Tuple should have at least 1 item"),
        ("task", "regression", "hyperparameters: task: Input should be 'classification'"),
        ("spatial_dims", "4", "hyperparameters: spatial_dims: Input should be 2 or 3"),
        ("spatial_dims", "3", "dataset: it holds 30 pictures, and the project is one of volumes"),
        ("task", "segmentation", "dataset: 30 image(s) have no mask; the task is segmentation"),
        ("overrides", '{"size": 60}', "overrides: size: must be a multiple of 16, as the network halves it"),
        ("overrides", '{"epoch": 3}', "overrides.epoch: there is no such field"),
        ("overrides", '{"task": "segmentation"}', "overrides: task cannot be overridden"),
        ("max_minutes", "0", "hyperparameters: max_minutes: Input should be greater than 0"),
        ("champion_version", "3", "model.tar.gz is missing or damaged"),
        ("classes", '["disc", "frame"]', "dataset: 1 label(s) are not among the project's classes"),
        (
            "classes",
            '["disc", "frame", "star", "stripes"]',
            "dataset: no training image of class 'star'",
        ),
    ],
)
def test_a_wrong_hyperparameter_is_named(
    folders: Folders, hyperparameter: str, value: str, complaint: str
) -> None:
    retell(folders, **{hyperparameter: value})
    assert train(folders) == 1
    assert failure(folders).startswith(complaint)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_an_empty_split_is_named(folders: Folders, split: str) -> None:
    rewrite(folders, [sample for sample in samples(folders) if sample["split"] != split])
    assert train(folders) == 1
    assert failure(folders) == f"dataset: the {split} split is empty"


def test_a_patient_in_two_splits_is_refused(folders: Folders) -> None:
    rewrite(folders, [{**sample, "group": "one patient"} for sample in samples(folders)])
    assert train(folders) == 1
    assert failure(folders) == "dataset: a patient's images lie in more than one split"


def test_an_image_named_twice_is_refused(folders: Folders) -> None:
    rewrite(folders, samples(folders) + samples(folders)[:1])
    assert train(folders) == 1
    assert failure(folders) == "dataset: an image appears twice"


def test_a_manifest_line_that_is_no_sample_is_counted_not_quoted(folders: Folders) -> None:
    with folders.manifest.open("a") as file:
        file.write('{"image": "Doe^Jane"}\n')
    assert train(folders) == 1
    assert failure(folders) == "dataset channel: manifest line 31 is not a sample"


def test_an_array_other_than_the_frozen_one_is_refused(folders: Folders) -> None:
    path = first_image(folders)
    path.write_bytes(npy_bytes(np.zeros((24, 24), dtype=np.float32)))
    assert train(folders) == 1
    assert failure(folders).startswith(f"image {path.stem}: its array is not the one")


def test_a_missing_array_is_named(folders: Folders) -> None:
    path = first_image(folders)
    path.unlink()
    assert train(folders) == 1
    assert failure(folders) == f"image {path.stem}: its array is missing from the images channel"


def test_a_path_that_leaves_the_channel_is_refused(folders: Folders) -> None:
    changed = samples(folders)
    changed[0]["path"] = "../dataset/manifest.jsonl"
    rewrite(folders, changed)
    assert train(folders) == 1
    assert failure(folders) == f"image {changed[0]['image']}: its path leaves the images channel"


def test_an_unreadable_array_is_refused(folders: Folders) -> None:
    path = first_image(folders)
    path.write_bytes(b"not an array")
    digest = hashlib.sha256(b"not an array").hexdigest()
    rewrite(
        folders,
        [
            {**sample, "sha256": digest} if sample["image"] == path.stem else sample
            for sample in samples(folders)
        ],
    )
    assert train(folders) == 1
    assert failure(folders) == f"image {path.stem}: not an .npy file"


def test_a_mask_in_colour_is_refused_rather_than_read_by_its_reds(tmp_path: Path) -> None:
    green = [
        replace(example, mask=np.stack([example.mask * share for share in (0, 1, 0)], -1))
        for example in balls(5, dims=2)
        if example.mask is not None
    ]
    folders = container_tree(tmp_path, green, task="segmentation", classes='["core", "shell"]')
    assert train(folders) == 1
    assert failure(folders).endswith("its mask is in colour; a structure has one grey value")


def test_an_unexpected_fault_is_named_by_its_type_alone(folders: Folders) -> None:
    folders.checkpoints.write_text("a file where a folder belongs")
    with pytest.raises(NotADirectoryError):
        train(folders)
    assert failure(folders) == "unexpected NotADirectoryError; the job's log holds the traceback"


class Planted:
    """What a pickle of this does on loading."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def test_a_checkpoint_with_a_pickle_in_it_is_not_loaded(folders: Folders, tmp_path: Path) -> None:
    mark, payload = tmp_path / "mark", tmp_path / "payload"
    torch.save({"identity": {}, "state": Planted(mark)}, payload)
    content = payload.read_bytes()
    header = json.dumps({"order": 1, "sha256": hashlib.sha256(content).hexdigest()}).encode()
    folders.checkpoints.mkdir()
    (folders.checkpoints / "checkpoint-1.pt").write_bytes(header + b"\n" + content)
    assert train(folders) == 1
    assert failure(folders) == "the checkpoint holds pickled objects and is not loaded"
    assert not mark.exists()


def test_when_the_minutes_are_used_up_training_stops_and_is_still_evaluated(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    retell(folders, overrides='{"epochs": 1000}', max_minutes="0.02")
    assert train(folders) == 0
    assert "finished: the 0.02 minutes were used up" in capsys.readouterr().out
    assert 1 <= evaluation(folders).epochs < 1000


def test_a_job_that_is_given_more_minutes_goes_on(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    retell(folders, overrides='{"epochs": 8}', max_minutes="0.001")
    assert train(folders) == 0
    assert evaluation(folders).epochs == 1
    retell(folders, max_minutes="60")
    assert train(folders) == 0
    assert evaluation(folders).epochs == 8
    assert "resumed after epoch 1" in capsys.readouterr().out


def test_of_several_processes_the_first_failure_is_the_jobs(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    report_failure(folders, "its array is damaged")
    report_failure(folders, "the connection to another process was closed")
    assert failure(folders) == "its array is damaged"


def test_colour_images_train_a_colour_model(tmp_path: Path) -> None:
    tinted = [
        replace(example, array=np.stack([example.array, example.array * 0.5, example.array * 0], axis=2))
        for example in shapes(each=10)
    ]
    folders = container_tree(tmp_path, tinted)
    assert train(folders) == 0
    assert json.loads((folders.model / "model.json").read_text())["preprocessing"]["channels"] == 3
