"""An .npz file in the form of MedMNIST: pictures and volumes, one label or several, and nothing executed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from events.dataset import Task
from medloop.imaging.volumes import decode_volume
from medloop.workbench.collection import Collection
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Arrays
from medloop.workbench.medmnist import read_arrays
from medloop.workbench.npz import members
from medloop.workbench.spool import Spooled
from tests.homely import arrays, npz, workplace, write

Read = Callable[..., Collection]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(task: Task | None = None, **made: NDArray[Any] | None) -> Collection:
        whole = {name: array for name, array in (arrays() | made).items() if array is not None}
        file = npz(tmp_path / "some.npz", **whole)
        return read_arrays(Arrays(file), task, workplace(tmp_path, tmp_path / "spool"))

    return read


def content(found: Collection, tmp_path: Path, place: int = 0) -> bytes:
    with Spooled(tmp_path / "spool") as spooled:
        return spooled.read(found.examples[place].image.place)


def test_the_three_sides_are_kept(read: Read) -> None:
    found = read()
    assert (found.task, found.classes, found.left) == (
        "classification",
        ("class 0", "class 1", "class 2"),
        [],
    )
    assert [one.side for one in found.examples] == ["train"] * 12 + ["validation"] * 12 + ["test"] * 12
    assert found.examples[13].image.path == "val_images[1]"
    assert found.examples[13].labels == ("class 1",)


def test_a_side_may_be_missing(read: Read) -> None:
    assert {one.side for one in read(val_images=None, val_labels=None).examples} == {"train", "test"}


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (28, 28, 3), (20, 30)])
@pytest.mark.parametrize("kind", ["u1", "?", "f2", "f4", "f8", ">u2", "i8"])
def test_pictures_come_out_as_they_went_in(
    read: Read, tmp_path: Path, shape: tuple[int, ...], kind: str
) -> None:
    images = np.random.default_rng(0).integers(0, 2, (12, *shape)).astype(kind)
    found = read(train_images=images)
    assert found.examples[0].image.ending == ".npy"
    write(tmp_path / "first.npy", content(found, tmp_path))
    assert (np.load(tmp_path / "first.npy") == images[0].squeeze()).all()


@pytest.mark.parametrize("shape", [(16, 17, 18), (16, 17, 18, 1), (16, 17, 18, 3)])
def test_three_axes_are_a_volume_whose_slices_come_first(
    read: Read, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    images = arrays(shape=shape)["train_images"]
    found = read(train_images=images)
    assert found.examples[0].image.ending == ".nii.gz"
    volume = decode_volume(content(found, tmp_path))
    assert (volume.values == np.moveaxis(images[0].squeeze(), (0, 1, 2), (2, 1, 0))).all()


def test_several_columns_of_labels_are_several_classes(read: Read) -> None:
    rows = np.array([[1, 0, 1], [0, 0, 0]] * 6, np.uint8)
    found = read(train_labels=rows, val_labels=rows, test_labels=rows)
    assert found.task == "multilabel"
    assert [one.labels for one in found.examples[:2]] == [("class 0", "class 2"), ()]


def test_a_list_beside_the_file_names_the_classes(read: Read, tmp_path: Path) -> None:
    write(tmp_path / "classes.txt", "cat\ndog\nhorse\n")
    assert read().classes == ("cat", "dog", "horse")
    write(tmp_path / "classes.txt", "cat\ndog\n")
    with pytest.raises(Unusable, match="2 lines for 3 classes"):
        read()


def test_images_that_are_no_numbers_are_left_out(read: Read) -> None:
    images = arrays()["train_images"].astype(np.float32)
    images[3, 0, 0] = np.nan
    found = read(train_images=images)
    assert [(one.path, one.reason) for one in found.left] == [("train_images[3]", "non_finite")]
    assert len(found.examples) == 35


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was loaded",))


@pytest.mark.parametrize("name", ["train_images", "train_labels", "test_labels"])
def test_objects_are_never_loaded(read: Read, name: str) -> None:
    with pytest.raises(Unusable, match=f"{name} of some.npz holds no numbers"):
        read(**{name: np.array([Trap()] * 12, dtype=object)})


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"val_labels": None}, "lacks val_labels"),
        ({"train_labels": np.zeros((11, 1), "u1")}, "12 train_images of some.npz have 11 labels"),
        ({"train_labels": np.zeros((12, 2, 2), "u1")}, "are shaped"),
        ({"train_labels": np.zeros((0, 1), "u1")}, "are shaped"),
        ({"train_labels": np.full((12, 1), 2**31)}, "go up to 2147483648"),
        ({"train_labels": np.full((12, 1), 12)}, "go up to 12, and there are 12"),
        ({"train_labels": np.full((12, 1), -1)}, "no whole numbers"),
        ({"train_labels": np.full((12, 1), 0.5)}, "no whole numbers"),
        ({"train_labels": np.full((12, 1), np.nan)}, "no whole numbers"),
        ({"train_labels": np.full((12, 1), np.inf)}, "no whole numbers"),
        ({"train_labels": np.full((12, 3), 2)}, "different classes"),
        ({f"{side}_labels": np.full((12, 3), 2) for side in ("train", "val", "test")}, "go up to 2"),
        ({"train_labels": np.array(["cat"] * 12)}, "holds no numbers"),
        ({"train_images": np.zeros((12,), "u1")}, "are shaped"),
        ({"train_images": np.zeros((12, 28), "u1")}, "are shaped"),
        ({"train_images": np.zeros((12, 3, 28, 28), "u1")}, "are shaped"),
        ({"train_images": np.zeros((12, 28, 28, 4), "u1")}, "are shaped"),
        ({"train_images": np.zeros((12, 8, 8, 8, 8), "u1")}, "are shaped"),
        ({"train_images": np.zeros((12, 28, 28), "c8")}, "holds no numbers"),
    ],
)
def test_arrays_that_cannot_be_meant_are_refused(read: Read, made: dict[str, Any], said: str) -> None:
    with pytest.raises(Unusable, match=said):
        read(**made)


@pytest.mark.parametrize(("task", "columns"), [("segmentation", 1), ("multilabel", 1), ("classification", 3)])
def test_labels_decide_the_task(read: Read, task: Task, columns: int) -> None:
    rows = {f"{side}_labels": np.ones((12, columns), np.uint8) for side in ("train", "val", "test")}
    with pytest.raises(Unusable, match=f", not {task}"):
        read(task, **rows)


def test_a_damaged_file_is_refused(read: Read, tmp_path: Path) -> None:
    read()
    whole = (tmp_path / "some.npz").read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        torn = whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]
        form = Arrays(write(tmp_path / "torn.npz", torn))
        if {"train_images", "train_labels"} <= members(form.file):
            with pytest.raises(Unusable):
                read_arrays(form, None, workplace(tmp_path, tmp_path / "torn"))
