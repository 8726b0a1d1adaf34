"""Every trained model is a MONAI bundle too, which runs where there is no medloop."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training_job import balls, container_tree, findings, npy_bytes, shapes, solids

from medloop.imaging.picture import Volume
from medloop.imaging.volumes import encode_volume
from training.artefact import Model, load_model
from training.container import Folders
from training.data.arrays import decode_scan
from training.data.channel import stream_files
from training.data.manifest import is_volume, read_manifest
from training.predict import canvas_scores, dice, label_map, probabilities
from training.train import main as train

KINDS = {
    "pictures": (lambda: shapes(each=10), "classification"),
    "several labels": (lambda: findings(20), "multilabel"),
    "volumes": (lambda: solids(each=10), "classification"),
    "outlines": (lambda: balls(10, size=32, dims=2), "segmentation"),
    "structures": (lambda: balls(10, size=32), "segmentation"),
}

# Another program: neither medloop's code nor its packages are to be had.
ELSEWHERE = """
import json, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("medloop", "training", "events", "functions", "local"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import numpy, torch
from monai.bundle import ConfigParser
bundle, image, answer = sys.argv[1:]
parser = ConfigParser()
parser.read_config(f"{bundle}/configs/inference.json")
parser.read_meta(f"{bundle}/configs/metadata.json")
parser["bundle_root"], parser["output_dir"] = bundle, f"{answer}-files"
found = parser.get_parsed_content("answer")(image)
numpy.save(answer, numpy.asarray(found["pred"]))
"""


@pytest.fixture(params=KINDS, scope="module")
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    examples, task = KINDS[request.param]
    overrides = {"epochs": 2, "least_batches": 24, "batch": 4}
    classes = {"classes": '["core", "shell"]'} if task == "segmentation" else {}
    base = tmp_path_factory.mktemp("trained")
    folders = container_tree(base, examples(), overrides, task=task, **classes)
    assert train(folders) == 0
    return folders


def an_image(folders: Folders, folder: Path) -> Path:
    """A part of a test image as a file: of another shape, and a volume at another spacing and turned."""
    sample = next(one for one in read_manifest(folders.manifest) if one.split == "test")
    (files,) = stream_files([sample], folders.images)
    values = decode_scan(files.array, is_volume(sample.path)).values[0][:, 3:]
    if not is_volume(sample.path):
        file = folder / "case.npy"
        file.write_bytes(npy_bytes(values))
        return file
    affine = np.array([[0, 0, -1.1, 10], [0.9, 0, 0, 0], [0, 1.3, 0, 5], [0, 0, 0, 1.0]])
    file = folder / "case.nii.gz"
    file.write_bytes(encode_volume(Volume(values, affine, {})))
    return file


def answered_elsewhere(folders: Folders, image: Path, folder: Path) -> np.ndarray[Any, Any]:
    command = [
        sys.executable,
        "-c",
        ELSEWHERE,
        str(folders.model / "bundle"),
        str(image),
        str(folder / "answer.npy"),
    ]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    found: np.ndarray[Any, Any] = np.load(folder / "answer.npy")
    return found


def test_a_bundle_answers_as_the_model_does(trained: Folders, tmp_path: Path) -> None:
    model, image = load_model(trained.model), an_image(trained, tmp_path)
    theirs = answered_elsewhere(trained, image, tmp_path)
    if model.description.task == "segmentation":
        assert_same_mask(model, image, theirs)
    else:
        assert theirs == pytest.approx(odds(model, image), abs=1e-3)


def odds(model: Model, image: Path) -> np.ndarray[Any, Any]:
    known = model.description
    scan = decode_scan(image.read_bytes(), known.preprocessing.spatial_dims == 3)
    prepared = known.preprocessing.prepare(scan).values
    scores = canvas_scores(model.network, prepared[None], torch.device("cpu"), 1)
    return probabilities(scores, known.finishing, known.task == "classification")[0]


def assert_same_mask(model: Model, image: Path, theirs: np.ndarray[Any, Any]) -> None:
    known = model.description
    scan = decode_scan(image.read_bytes(), known.preprocessing.spatial_dims == 3)
    assert known.preprocessing.kind == "grid"
    ours, _ = label_map(model.network, scan, known.preprocessing, known.finishing, torch.device("cpu"))
    assert theirs[0].shape == ours.shape
    alike = dice(theirs[0].astype(np.uint8), ours, len(known.classes))
    assert np.nanmin(alike) > 0.99
