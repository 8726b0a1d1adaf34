"""Volumes and masks in; a served model and label maps in the volumes' own space out."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from typer.testing import CliRunner

from events.inference import ModelOutput
from local.demo.structures import lump
from medloop.aws import objects
from medloop.aws.clients import client
from medloop.cli.main import app
from medloop.imaging.picture import Volume
from medloop.imaging.volumes import encode_volume
from medloop.settings import Settings
from tests.e2e.loop import Loop

pytestmark = pytest.mark.cloud

# Obliquely turned, and not the same along every axis: an answer in any other space would show.
AFFINE = np.array([[0, 0, -1.5, 10], [0.8, 0.6, 0, -4], [-0.6, 0.8, 0, 5], [0, 0, 0, 1.0]])
CASES = 80
"""So many patients that some fall on every side."""


def file_of(values: NDArray[np.float32]) -> bytes:
    return encode_volume(Volume(values, AFFINE, {}))


def a_training(epochs: int) -> dict[str, Any]:
    return {"recipe": "debug", "overrides": {"epochs": epochs, "most_batches": 16}}


@pytest.fixture(scope="module")
def lumps(settings: Settings) -> Loop:
    random, loop = np.random.default_rng(3), Loop(settings, "lumps")
    loop.create(
        ("core", "shell"),
        task="segmentation",
        spatial_dims=3,
        training=a_training(epochs=4),
        series={"quiet_minutes": 0.1},
    )
    ids = []
    for number in range(CASES):
        values, mask = lump(random)
        ids.append(loop.put(f"images/case-{number}.nii.gz", file_of(values)))
        ids.append(loop.put(f"labels/case-{number}.nii.gz", file_of(mask.astype(np.float32))))
    loop.wait_for_verdicts(ids)
    loop.train()
    loop.wait_for_champion()
    return loop


def test_an_unseen_volume_is_answered_in_its_own_space(lumps: Loop) -> None:
    values, truth = lump(np.random.default_rng(99))
    answer = lumps.predict(file_of(values), "unseen.nii.gz")
    assert answer.state == "done" and answer.output_path is not None
    bucket = lumps.settings.predictions_bucket
    output = ModelOutput.model_validate_json(objects.read(bucket, answer.output_path))
    stored = objects.read(bucket, answer.output_path.replace(".json", ".mask.nii.gz"))
    mask = nibabel.Nifti1Image.from_bytes(gzip.decompress(stored))
    found = np.asarray(mask.dataobj)
    np.testing.assert_allclose(mask.affine, AFFINE, atol=1e-4)
    assert found.shape == truth.shape
    # Anything placed in another space would hardly meet the truth at all.
    assert 2 * ((found > 0) & (truth > 0)).sum() / ((found > 0).sum() + (truth > 0).sum()) > 0.6
    voxel = abs(np.linalg.det(AFFINE[:3, :3])) / 1000
    assert output.volumes == pytest.approx(
        {"core": (found == 1).sum() * voxel, "shell": (found == 2).sum() * voxel}, rel=1e-6
    )


def test_the_next_training_may_start_from_its_weights(lumps: Loop, tmp_path: Path) -> None:
    champion = lumps.champion()
    assert champion is not None
    archive = objects.read(lumps.settings.models_bucket, champion.artefact)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extract("model.safetensors", tmp_path, filter="data")
    told = CliRunner().invoke(app, ["--stage", "laptop", "project", "weights", "lumps", str(tmp_path)])
    assert told.exit_code == 0, told.output
    start = yaml.safe_load(told.output.splitlines()[-1])["start"]

    training = a_training(epochs=1) | {"start": start}
    lumps.create(("core", "shell"), task="segmentation", spatial_dims=3, training=training)
    job = lumps.train()
    assert job.state == "completed"
    logs = client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=job.launched_as or job.name
    )
    assert any(event["message"].startswith("started from ") for event in logs["events"])
