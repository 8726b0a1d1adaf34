"""A training job reads its shards from front to back, and its loose files as older versions have them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from events.dataset import Mask, Sample
from medloop.imaging.arrays import encode_array
from medloop.rules.shards import END, header, padding
from tests.candidates import image_of
from training.data.channel import stream_files, stream_starts
from training.data.manifest import split_samples
from training.data.pool import Pool, any_colour, load_canvases, targets_of
from training.data.preprocessing import Canvas
from training.data.storage import Storage
from training.distributed import Team
from training.failures import InvalidArray, TrainingFailed

HOW = Canvas(spatial_dims=2, size=8, channels=1)
CLASSES = ("cross", "ring")


def content(number: int) -> bytes:
    return encode_array(np.arange(48, dtype=np.float32).reshape(8, 6) * (number + 1))


def sample(number: int, split: str = "train", ending: str = "npy") -> Sample:
    return Sample.model_validate(
        {
            "image": image_of(number),
            "path": f"images/demo/{image_of(number)}.{ending}",
            "sha256": hashlib.sha256(content(number)).hexdigest(),
            "labels": ["ring"],
            "split": split,
            "group": str(number),
        }
    )


def shard(folder: Path, name: str, numbers: Sequence[int], end: bytes = END) -> None:
    files = []
    for number in numbers:
        array = content(number)
        files += [header(f"{image_of(number)}.npy", len(array)), array, padding(len(array))]
        files += [header(f"{image_of(number)}.mask.npy", 4), b"mask", padding(4)]
    (folder / "datasets" / "demo" / "shards").mkdir(parents=True, exist_ok=True)
    (folder / "datasets" / "demo" / "shards" / name).write_bytes(b"".join(files) + end)


def test_shards_are_read_in_order_and_other_sides_are_not_opened(tmp_path: Path) -> None:
    shard(tmp_path, "train-b.tar", [3, 1])
    shard(tmp_path, "train-a.tar", [2, 0])
    (tmp_path / "test-a.tar").write_bytes(b"never read")
    streamed = list(stream_files([sample(n) for n in range(4)], tmp_path))
    assert [files.sample.image for files in streamed] == [image_of(n) for n in (2, 0, 3, 1)]
    assert all(files.array == content(n) for files, n in zip(streamed, (2, 0, 3, 1), strict=True))


def test_a_mask_comes_with_its_image(tmp_path: Path) -> None:
    shard(tmp_path, "train-a.tar", [1, 0])
    mask = Mask(path="masks/0.npy", sha256="0" * 64, source=image_of(0))
    streamed = list(stream_files([sample(0).model_copy(update={"mask": mask}), sample(1)], tmp_path))
    assert {files.sample.image: files.mask for files in streamed} == {image_of(0): b"mask", image_of(1): None}


def test_only_the_start_of_each_array_may_be_asked_for(tmp_path: Path) -> None:
    shard(tmp_path, "train-a.tar", [0, 1])
    assert [start for _, start in stream_starts([sample(0)], tmp_path, 10)] == [content(0)[:10]]
    assert not any_colour([sample(0), sample(1)], tmp_path)


def test_versions_from_before_shards_are_read_as_files(tmp_path: Path) -> None:
    one = sample(0)
    (tmp_path / one.path).parent.mkdir(parents=True)
    (tmp_path / one.path).write_bytes(content(0))
    shard(tmp_path, "train-a.tar", [1])
    assert [found.sample.image for found in stream_files([one, sample(1)], tmp_path)] == [
        image_of(1),
        image_of(0),
    ]


def test_pixels_come_in_the_order_of_the_manifest(tmp_path: Path) -> None:
    shard(tmp_path, "train-a.tar", [2, 0, 1])
    samples = [sample(n) for n in range(3)]
    images = loaded(samples, tmp_path)
    assert images.ids == tuple(image_of(n) for n in range(3))
    assert (images.images[1] == loaded(samples[1:2], tmp_path).images[0]).all()


def loaded(samples: Sequence[Sample], folder: Path) -> Pool:
    targets = targets_of(samples, CLASSES, "classification")
    return load_canvases(samples, targets, folder, HOW, Storage(folder / "scratch"), Team())


def test_what_memory_does_not_hold_lies_in_files(tmp_path: Path) -> None:
    shard(tmp_path, "train-a.tar", [2, 0, 1])
    samples = [sample(n) for n in range(3)]
    targets = targets_of(samples, CLASSES, "classification")
    storage = Storage(tmp_path / "scratch", budget=0)
    filed = load_canvases(samples, targets, tmp_path, HOW, storage, Team())
    assert filed.stack is not None and list((tmp_path / "scratch").iterdir())
    assert (filed.stack == loaded(samples, tmp_path).stack).all()


def test_a_shard_that_was_cut_off_stops_the_job(tmp_path: Path) -> None:
    shard(tmp_path, "train-a.tar", [0], end=b"")
    with pytest.raises(TrainingFailed, match="shard ends early"):
        list(stream_files([sample(0), sample(1)], tmp_path))


def test_an_array_that_was_changed_in_its_shard_stops_the_job(tmp_path: Path) -> None:
    shard(tmp_path, "train-a.tar", [0])
    changed = sample(0).model_copy(update={"sha256": "0" * 64})
    with pytest.raises(InvalidArray, match="SHA-256 differs"):
        loaded([changed], tmp_path)


def test_an_array_that_is_nowhere_stops_the_job(tmp_path: Path) -> None:
    shard(tmp_path, "train-a.tar", [0])
    with pytest.raises(InvalidArray, match="missing"):
        list(stream_files([sample(0), sample(1)], tmp_path))


def test_volumes_in_a_project_of_pictures_are_refused_with_a_sentence() -> None:
    with pytest.raises(TrainingFailed, match="volumes"):
        split_samples([sample(0, ending="nii.gz")], ("ring",), "classification", 2)
