"""Volumes and masks in; a served model and label maps in the volumes' own space out."""

import gzip
import io
import tarfile
from pathlib import Path

import nibabel
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from events.inference import ModelOutput
from local.demo.structures import lump
from medloop.aws import objects
from medloop.aws.clients import client
from medloop.cli.main import app
from tests.e2e.loop import Loop
from tests.e2e.lumps import AFFINE, a_training, file_of

pytestmark = pytest.mark.cloud


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
