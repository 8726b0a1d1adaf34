"""In which form a folder lies is told by what is in it, and what fits none is refused with the list."""

import re
from pathlib import Path

import pytest

from medloop.workbench.failures import Unusable
from medloop.workbench.forms import FORMS, Arrays, ClassFolders, Frozen, Masked, Tabled, recognise
from tests.homely import arrays, classes, masked, npz, write

TABLE = "file,label\n0.png,a\n"


def test_folders_are_classes(tmp_path: Path) -> None:
    form = recognise(classes(tmp_path, ("cat", "très malade"), each=1))
    assert isinstance(form, ClassFolders)
    assert form.classes == ("cat", "très malade")


def test_hidden_folders_are_no_classes(tmp_path: Path) -> None:
    classes(tmp_path, ("cat", "dog", ".git", "__MACOSX"), each=1)
    form = recognise(tmp_path)
    assert isinstance(form, ClassFolders)
    assert form.classes == ("cat", "dog")


@pytest.mark.parametrize(
    "sides",
    [("train", "val", "test"), ("Training", "valid", "TEST"), ("Training", "Testing"), ("train", "test")],
)
def test_a_split_holds_class_folders(tmp_path: Path, sides: tuple[str, ...]) -> None:
    for side in sides:
        classes(tmp_path / side, ("cat", "dog"), each=1)
    form = recognise(tmp_path)
    assert isinstance(form, ClassFolders)
    assert form.classes == ("cat", "dog")
    wanted = {
        "train": "train",
        "training": "train",
        "val": "validation",
        "valid": "validation",
        "test": "test",
        "testing": "test",
    }
    assert {side for _, _, side in form.folders} == {wanted[side.lower()] for side in sides}


def test_folders_beside_the_sides_of_a_split_are_remembered(tmp_path: Path) -> None:
    for side in ("train", "test", "more of it"):
        classes(tmp_path / side, ("cat", "dog"), each=1)
    form = recognise(tmp_path)
    assert isinstance(form, ClassFolders)
    assert form.others == ("more of it",)


@pytest.mark.parametrize(
    ("images", "labels"), [("images", "labels"), ("images", "masks"), ("imagesTr", "labelsTr")]
)
def test_images_and_masks_lie_apart(tmp_path: Path, images: str, labels: str) -> None:
    write(tmp_path / images / "a.png", "")
    write(tmp_path / labels / "a.png", "")
    assert recognise(tmp_path) == Masked(tmp_path, tmp_path / images, tmp_path / labels)


@pytest.mark.parametrize("name", ["labels/labels.csv", "labels/labels.TSV", "train.csv"])
def test_tables_beside_images_name_classes(tmp_path: Path, name: str) -> None:
    write(tmp_path / "images" / "a.png", "")
    table = write(tmp_path / name, TABLE)
    assert recognise(tmp_path) == Tabled(tmp_path, tmp_path / "images", (table,))


def test_tables_among_masks_are_a_question_of_the_task(tmp_path: Path) -> None:
    write(masked(tmp_path, 1) / "labels" / "volumes.csv", "case,ml\n0,3\n")
    with pytest.raises(Unusable, match="tables and other files"):
        recognise(tmp_path)
    assert isinstance(recognise(tmp_path, "segmentation"), Masked)
    assert isinstance(recognise(tmp_path, "classification"), Tabled)


def test_a_frozen_version_has_a_manifest(tmp_path: Path) -> None:
    write(classes(tmp_path, ("cat", "dog"), each=1) / "manifest.jsonl", "")
    assert isinstance(recognise(tmp_path), Frozen)


def test_arrays_are_a_file_or_alone_in_a_folder(tmp_path: Path) -> None:
    file = npz(tmp_path / "some.npz", **arrays())
    write(tmp_path / "README.txt", "about them")
    assert recognise(file) == recognise(tmp_path) == Arrays(file)


def test_of_two_files_of_arrays_one_has_to_be_chosen(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        npz(tmp_path / name, **arrays())
    with pytest.raises(Unusable, match="holds 2 .npz files"):
        recognise(tmp_path)


def nothing(root: Path) -> Path:
    return root


def one_class(root: Path) -> Path:
    return classes(root, ("cat",), each=1)


def loose_pictures(root: Path) -> Path:
    return classes(root, (".",), each=1)


def split_without_classes(root: Path) -> Path:
    return classes(root, ("train", "test"), each=1)


def sides_without_training(root: Path) -> Path:
    return classes(root, ("val/cat", "test/cat"), each=1)


def images_alone(root: Path) -> Path:
    return classes(root, ("images",), each=1)


def images_without_labels(root: Path) -> Path:
    return classes(root, ("images", "annotations"), each=1)


def split_of_images_and_labels(root: Path) -> Path:
    return classes(root, ("train/images", "train/labels"), each=1)


def text(root: Path) -> Path:
    return write(root / "some.npz", "no archive")


def other_arrays(root: Path) -> Path:
    return npz(root / "some.npz", x=arrays()["train_images"])


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (nothing, "in no form"),
        (one_class, "one folder alone, cat"),
        (loose_pictures, "in no form"),
        (split_without_classes, "split, but not into class folders"),
        (sides_without_training, "split, but not into class folders"),
        (images_without_labels, "is no class"),
        (images_alone, "is no class"),
        (split_of_images_and_labels, "is no class"),
        (text, "no .npz file with train_images"),
        (other_arrays, "no .npz file with train_images"),
    ],
)
def test_what_fits_no_form_is_refused_with_a_remedy(tmp_path: Path, made: object, said: str) -> None:
    assert callable(made)
    with pytest.raises(Unusable, match=said) as caught:
        recognise(made(tmp_path))
    assert caught.value.remedy == FORMS or re.search("two folders or more", caught.value.remedy)
