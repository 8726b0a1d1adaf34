"""Every file of a folder becomes an array or a reason, and a DICOM file tells whose it is."""

from io import BytesIO
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from medloop.inspection.finding import Finding
from medloop.rules.project import Project
from medloop.workbench.exclusions import sentence_of
from medloop.workbench.folders import read_folders
from medloop.workbench.forms import ClassFolders, Masked, recognise
from medloop.workbench.masked import read_masked
from medloop.workbench.reading import Reader
from medloop.workbench.spool import Spool
from tests.homely import classes, masked, picture, pictures, workplace, write
from tests.images import dicom, jpeg, png, ramp


def read(path: Path, content: bytes | str, masks: Path | None = None) -> Finding:
    with Spool(path.parents[1] / "spool", "0") as spool:
        project = Project(project="chest", classes=("a", "b"))
        return Reader(spool, masks, project).read(str(write(path, content)))


def nifti(path: Path, values: NDArray[Any], affine: NDArray[Any] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.nifti1.Nifti1Image(values, np.eye(4) if affine is None else affine), path)
    return path


def test_two_files_of_a_patient_are_known_by_one_pseudonym(tmp_path: Path) -> None:
    one, two, other = (
        read(tmp_path / "cat" / name, dicom(picture(number), PatientID=patient))
        for number, (name, patient) in enumerate((("1", "FICTION-1"), ("2", "FICTION-1"), ("3", "FICTION-2")))
    )
    assert one.facts["patient"] == two.facts["patient"] != other.facts["patient"]
    assert "FICTION" not in one.as_json()
    assert one.facts["sha256"] != two.facts["sha256"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        ("notes on the patient", "not_an_image"),
        (png(picture(0))[:60], "truncated"),
        (png(np.zeros((9, 9), np.uint8)), "constant_image"),
        (b"PK\x03\x04 and no more", "unsupported_format"),
    ],
)
def test_what_is_no_image_is_left_out_for_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    found = read(tmp_path / "cat" / "file", content)
    assert (found.verdict, found.reason) == ("quarantined", reason)
    assert sentence_of(reason)


def test_a_file_that_is_gone_is_left_out(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", "0") as spool:
        found = Reader(spool, None, Project(project="chest", classes=("a", "b"))).read(str(tmp_path / "gone"))
    assert (found.verdict, found.reason) == ("error", "FileNotFoundError")
    assert sentence_of("FileNotFoundError") == "reading it failed"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (jpeg(picture(0)), "mask_lossy"),
        (png(np.stack([picture(0), picture(1), picture(2)], -1)), "mask_colours"),
        (png(ramp(4, 4, "u2", step=100)), "mask_values"),
    ],
)
def test_what_is_no_mask_is_left_out_for_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    found = read(tmp_path / "labels" / "0.png", content, tmp_path / "labels")
    assert (found.verdict, found.reason) == ("ignored", reason)
    assert "mask" in sentence_of(reason)


@pytest.mark.parametrize("kind", ["u1", "i4", "f4"])
def test_a_mask_of_whole_numbers_is_one_however_it_is_stored(tmp_path: Path, kind: str) -> None:
    values = np.zeros((6, 6, 6), kind)
    values[2:4], values[4] = 1, 255
    content = nifti(tmp_path / "mask.nii.gz", values).read_bytes()
    found = read(tmp_path / "labels" / "0.nii.gz", content, tmp_path / "labels")
    assert (found.verdict, found.facts["marks"]) == ("accepted", "1,255")


def test_a_grey_mask_in_three_channels_is_one(tmp_path: Path) -> None:
    mask = (picture(0) > 99).astype(np.uint8)
    found = read(tmp_path / "labels" / "0.png", png(np.stack([mask] * 3, -1)), tmp_path / "labels")
    assert found.facts["marks"] == "1"


def test_a_mask_with_a_palette_says_structures_by_its_entries(tmp_path: Path) -> None:
    painted = Image.fromarray((picture(0) > 99).astype(np.uint8) * 2, "P")
    painted.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    buffer = BytesIO()
    painted.save(buffer, "PNG")
    found = read(tmp_path / "labels" / "0.png", buffer.getvalue(), tmp_path / "labels")
    assert (found.verdict, found.facts["marks"]) == ("accepted", "2")


def test_class_folders_are_read_whatever_their_files_are_called(tmp_path: Path) -> None:
    root = classes(tmp_path / "data", ("дом", "a b"), each=2)
    write(root / "a b" / "deeper" / "é ü.png", png(picture(7)))
    write(root / "a b" / "notes.txt", "about them")
    write(root / "a b" / "Thumbs.db", "junk")
    write(root / "README.md", "about it")
    (root / "дом" / "gone.png").symlink_to(tmp_path / "nowhere")
    (root / "дом" / "same.png").symlink_to(root / "дом" / "0.png")
    form = recognise(root)
    assert isinstance(form, ClassFolders)
    found = read_folders(form, workplace(root, tmp_path / "spool"))
    assert {one.image.path: one.labels[0] for one in found.examples} == {
        "a b/0.png": "a b",
        "a b/1.png": "a b",
        "a b/deeper/é ü.png": "a b",
        "дом/0.png": "дом",
        "дом/1.png": "дом",
        "дом/same.png": "дом",
    }
    assert [(one.path, one.reason) for one in found.left] == [
        ("a b/notes.txt", "not_an_image"),
        ("README.md", "misplaced"),
    ]


def test_masks_in_class_folders_are_no_images_of_the_class(tmp_path: Path) -> None:
    root = classes(tmp_path / "data", ("benign", "seg"), each=2)
    mask = png((picture(0) > 99).astype(np.uint8) * 255)
    for name in ("0_mask.png", "0_mask_1.png", "alone_mask.png"):
        write(root / "benign" / name, mask)
    write(root / "seg" / "images" / "a.png", png(picture(9)))
    write(root / "seg" / "Masks" / "a.png", mask)
    form = recognise(root)
    assert isinstance(form, ClassFolders)
    found = read_folders(form, workplace(root, tmp_path / "spool"))
    assert {(one.path, one.reason) for one in found.left} == {
        ("benign/0_mask.png", "mask_in_class"),
        ("benign/0_mask_1.png", "mask_in_class"),
        ("seg/Masks/a.png", "mask_in_class"),
    }
    assert len(found.examples) == 6


def test_what_lies_beside_a_split_is_told(tmp_path: Path) -> None:
    for side in ("train", "test", "unlabelled"):
        classes(tmp_path / "data" / side, ("cat", "dog"), each=1)
    form = recognise(tmp_path / "data")
    assert isinstance(form, ClassFolders)
    found = read_folders(form, workplace(tmp_path / "data", tmp_path / "spool"))
    assert found.notes == ("not read, as they are no side of the split: unlabelled",)


def read_both(root: Path, spool: Path) -> Any:
    form = recognise(root)
    assert isinstance(form, Masked)
    return read_masked(form, workplace(root, spool))


def test_images_and_masks_without_each_other_are_left_out(tmp_path: Path) -> None:
    root = masked(tmp_path / "data", 5)
    (root / "labels" / "1.png").unlink()
    (root / "images" / "2.png").unlink()
    write(root / "labels" / "3.png", png(np.ones((4, 5), np.uint8)))
    found = read_both(root, tmp_path / "spool")
    assert [one.image.path for one in found.examples] == ["images/0.png", "images/4.png"]
    assert {(one.path, one.reason) for one in found.left} == {
        ("images/1.png", "unmasked"),
        ("labels/2.png", "no_image"),
        ("images/3.png", "mask_mismatch"),
    }


def test_a_case_of_nnunet_is_called_as_its_mask_but_for_the_channel(tmp_path: Path) -> None:
    values = np.arange(216, dtype=np.float32).reshape(6, 6, 6)
    turned = np.diag([2.0, 1.0, 1.0, 1.0])
    for number in range(3):
        nifti(tmp_path / "data" / "imagesTr" / f"case_{number}_0000.nii.gz", values + number)
        mask = (values > 100).astype(np.uint8)
        nifti(tmp_path / "data" / "labelsTr" / f"case_{number}.nii.gz", mask, turned if number == 2 else None)
    found = read_both(tmp_path / "data", tmp_path / "spool")
    assert [one.image.path for one in found.examples] == [f"imagesTr/case_{n}_0000.nii.gz" for n in range(2)]
    assert [(one.path, one.reason) for one in found.left] == [
        ("imagesTr/case_2_0000.nii.gz", "mask_mismatch")
    ]


def test_where_no_mask_is_called_as_an_image_nothing_is_learnt(tmp_path: Path) -> None:
    pictures(tmp_path / "data" / "images", 2)
    write(tmp_path / "data" / "labels" / "other.png", png((picture(0) > 99).astype(np.uint8)))
    found = read_both(tmp_path / "data", tmp_path / "spool")
    assert found.examples == []
    assert {one.reason for one in found.left} == {"unmasked", "no_image"}


def test_a_mask_may_say_that_it_is_one(tmp_path: Path) -> None:
    root = masked(tmp_path / "data", 3)
    for number, ending in enumerate(("_mask", "-Segmentation")):
        (root / "labels" / f"{number}.png").rename(root / "labels" / f"{number}{ending}.png")
    assert len(read_both(root, tmp_path / "spool").examples) == 3


def test_an_image_whose_own_name_ends_so_has_a_mask_of_that_name(tmp_path: Path) -> None:
    root = masked(tmp_path / "data", 2)
    for folder in ("images", "labels"):
        (root / folder / "1.png").rename(root / folder / "0_label.png")
    assert len(read_both(root, tmp_path / "spool").examples) == 2


def test_where_one_half_is_left_out_the_other_is_not_said_to_be_missing(tmp_path: Path) -> None:
    root = masked(tmp_path / "data", 3)
    write(root / "images" / "0.png", "no image")
    write(root / "labels" / "1.png", png(np.arange(768, dtype=np.uint8).reshape(16, 16, 3)))
    found = read_both(root, tmp_path / "spool")
    assert {(one.path, one.reason) for one in found.left} == {
        ("images/0.png", "not_an_image"),
        ("labels/0.png", "image_left_out"),
        ("labels/1.png", "mask_colours"),
        ("images/1.png", "mask_left_out"),
    }
