"""Which job is started, with what limits."""

import json
from dataclasses import replace
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from events.training import TrainingRequested
from medloop.rules.project import Project, Training
from medloop.rules.training_plan import Champion, Platform, training_job

PLATFORM = Platform(
    stage="dev",
    role_arn="arn:aws:iam::000000000000:role/sagemaker",
    image="000000000000.dkr.ecr.us-east-1.amazonaws.com/medloop:1",
    instance_type="ml.g4dn.xlarge",
    spot=True,
    key_arn="arn:aws:kms:us-east-1:000000000000:key/k",
    curated_bucket="curated",
    models_bucket="models",
)
PROJECT = Project(project="chest", classes=("normal", "pneumonia"), training=Training(max_minutes=30))
REQUEST = TrainingRequested(project="chest", dataset="d" * 64, job="medloop-dev-chest-1", cause="person")


def plan(platform: Platform = PLATFORM, champion: Champion | None = None) -> dict[str, Any]:
    return training_job(REQUEST, PROJECT, 3, champion, platform)


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
    parameters = plan()["HyperParameters"]
    assert all(isinstance(value, str) for value in parameters.values())
    assert json.loads(parameters["classes"]) == ["normal", "pneumonia"]
    assert (parameters["model_version"], parameters["champion_version"]) == ("3", "")


def test_patients_images_stay_inside_the_container() -> None:
    assert plan()["EnableNetworkIsolation"] is True
