"""Which job is started, with what limits."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from events.training import TrainingRequested
from medloop.rules.project import Project, Training
from medloop.rules.training_plan import Champion, Platform, training_job
from training.container import Folders

PLATFORM = Platform(
    stage="dev",
    role_arn="arn:aws:iam::000000000000:role/sagemaker",
    image="000000000000.dkr.ecr.us-east-1.amazonaws.com/medloop:1",
    instance_type="ml.g4dn.xlarge",
    price_per_hour=0.7364,
    spot=True,
    key_arn="arn:aws:kms:us-east-1:000000000000:key/k",
    curated_bucket="curated",
    models_bucket="models",
)
TRAINING = Training(max_minutes=30, overrides={"epochs": 3})
PROJECT = Project(project="chest", classes=("normal", "pneumonia"), training=TRAINING)
REQUEST = TrainingRequested(project="chest", dataset="d" * 64, job="medloop-dev-chest-1", cause="person")


def plan(
    platform: Platform = PLATFORM, champion: Champion | None = None, project: Project = PROJECT
) -> dict[str, Any]:
    return training_job(REQUEST, REQUEST.job, project, 3, champion, platform)


def test_sagemakers_own_model_accepts_the_request() -> None:
    operation = (
        botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateTrainingJob")
    )
    request = plan(champion=Champion(2, "s3://models/jobs/j/output/model.tar.gz"))
    assert not ParamValidator().validate(request, operation.input_shape).has_errors()


def test_spot_may_wait_longer_than_it_may_run() -> None:
    stopping = plan()["StoppingCondition"]
    assert stopping["MaxWaitTimeInSeconds"] > stopping["MaxRuntimeInSeconds"] == (30 + 15) * 60


def test_on_demand_has_no_waiting_time() -> None:
    job = plan(replace(PLATFORM, spot=False))
    assert "MaxWaitTimeInSeconds" not in job["StoppingCondition"]
    assert job["EnableManagedSpotTraining"] is False


def test_the_champion_is_scored_in_the_same_job() -> None:
    job = plan(champion=Champion(2, "s3://models/jobs/j/output/model.tar.gz"))
    assert job["HyperParameters"]["champion_version"] == "2"
    assert [channel["ChannelName"] for channel in job["InputDataConfig"]] == ["dataset", "images", "champion"]


def test_the_container_learns_everything_from_strings() -> None:
    assert plan()["HyperParameters"] == {
        "project": "chest",
        "dataset": "d" * 64,
        "model_version": "3",
        "task": "classification",
        "spatial_dims": "2",
        "recipe": "small",
        "overrides": '{"epochs": 3}',
        "classes": '["normal", "pneumonia"]',
        "max_minutes": "30",
        "seed": "0",
        "champion_version": "",
        "start": "",
    }


def test_weights_to_start_from_are_a_channel_of_their_own() -> None:
    start = "5" * 64 + ".safetensors"
    job = plan(project=PROJECT.model_copy(update={"training": Training(start=start)}))
    channel = next(one for one in job["InputDataConfig"] if one["ChannelName"] == "start")
    assert channel["DataSource"]["S3DataSource"]["S3Uri"] == f"s3://models/starts/chest/{start}"
    assert job["HyperParameters"]["start"] == start


def test_every_curve_is_a_metric() -> None:
    line = "epoch=3 train_loss=0.5 validation_loss=1e-3 validation_score=0.25 test_score=1"
    found = {
        metric["Name"]: re.findall(metric["Regex"], line)
        for metric in plan()["AlgorithmSpecification"]["MetricDefinitions"]
    }
    assert found == {
        "train_loss": ["0.5"],
        "validation_loss": ["1e-3"],
        "validation_score": ["0.25"],
        "test_score": ["1"],
    }


def test_several_machines_train_together() -> None:
    project = PROJECT.model_copy(update={"training": Training(instance_count=4)})
    assert plan(project=project)["ResourceConfig"]["InstanceCount"] == 4


def test_the_smaller_of_both_caps_counts_and_the_machine_goes_with_it() -> None:
    project = PROJECT.model_copy(update={"training": Training(max_minutes=600, max_cost_usd=0.7364)})
    job = plan(project=project)
    assert job["HyperParameters"]["max_minutes"] == "45"
    assert job["StoppingCondition"]["MaxRuntimeInSeconds"] == 3600


def test_a_later_launch_takes_up_the_checkpoint_of_the_job() -> None:
    job = training_job(REQUEST, "medloop-dev-chest-1-r2", PROJECT, 3, None, PLATFORM)
    assert job["TrainingJobName"] == "medloop-dev-chest-1-r2"
    assert job["CheckpointConfig"]["S3Uri"] == "s3://models/checkpoints/medloop-dev-chest-1"


def test_curves_are_sent_while_it_trains_to_where_the_model_will_lie() -> None:
    job = plan()
    curves = job["TensorBoardOutputConfig"]
    assert curves["LocalPath"] == str(Folders(Path("/opt/ml")).tensorboard)
    assert curves["S3OutputPath"] == job["OutputDataConfig"]["S3OutputPath"]


def test_patients_images_stay_inside_the_container() -> None:
    assert plan()["EnableNetworkIsolation"] is True
