"""The demo's images are synthetic, repeatable, readable, and need more than a glance at single pixels."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from local.samples import CLASSES, TRUTH, bad_files, draw, write_bad_files, write_samples
from medloop.imaging.read import read_image

PER_CLASS = 16


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder, PER_CLASS, seed=3)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes(samples: Path, tmp_path: Path) -> None:
    write_samples(tmp_path, PER_CLASS, seed=3)
    assert contents(tmp_path) == contents(samples)


def test_another_seed_gives_other_pictures(samples: Path, tmp_path: Path) -> None:
    write_samples(tmp_path, PER_CLASS, seed=4)
    assert not set(contents(tmp_path).values()) & set(contents(samples).values())


@pytest.mark.parametrize("label", CLASSES)
def test_every_class_is_half_dicom_half_png(samples: Path, label: str) -> None:
    suffixes = [path.suffix for path in (samples / "labelled" / label).iterdir()]
    assert suffixes.count(".dcm") == suffixes.count(".png") == PER_CLASS // 2


def test_every_picture_is_accepted_at_the_same_scale(samples: Path) -> None:
    for path in [*samples.rglob("*.dcm"), *samples.rglob("*.png")]:
        picture = read_image(path.read_bytes())
        assert picture.values.shape == (64, 64)
        assert 1000 < picture.values.mean() < 2500


def test_patients_are_fictional_and_have_several_images(samples: Path) -> None:
    patients = [
        read_image(path.read_bytes()).identity.patient_id for path in samples.rglob("labelled/*/*.dcm")
    ]
    assert all(patient and patient.startswith("FICTION-") for patient in patients)
    assert len(set(patients)) == len(patients) // 4


def test_the_truth_is_kept_apart(samples: Path) -> None:
    truth = json.loads((samples / TRUTH).read_text())
    shown = {path.name for path in (samples / "predict").iterdir()}
    assert set(truth) == shown
    assert set(truth.values()) == set(CLASSES)
    assert not any(label in name for name in shown for label in CLASSES)


def test_sixteen_by_sixteen_pixels_do_not_tell_the_class() -> None:
    random = np.random.default_rng(0)

    def pictures(count: int) -> tuple[np.ndarray, np.ndarray]:
        drawn = np.array([draw(label, random) for label in CLASSES for _ in range(count)], dtype=np.float32)
        drawn = (drawn - drawn.mean((1, 2), keepdims=True)) / drawn.std((1, 2), keepdims=True)
        small = drawn.reshape(len(drawn), 16, 4, 16, 4).mean((2, 4)).reshape(len(drawn), -1)
        return small, np.repeat(np.arange(len(CLASSES)), count)

    fitted = LogisticRegression(C=0.1, max_iter=500).fit(*pictures(60))
    assert fitted.score(*pictures(60)) < 0.6


def test_bad_files_are_written_with_their_reasons(tmp_path: Path) -> None:
    reasons = write_bad_files(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(reasons) == set(bad_files())
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2_000_000
