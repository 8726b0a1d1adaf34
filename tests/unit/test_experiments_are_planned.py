"""An experiment is the loop's own job, some settings changed, under a name that the loop does not hear."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from events.training import TrainingRequested
from medloop.rules.experiment import (
    Changes,
    InvalidExperiment,
    changed_platform,
    changed_project,
    experiment_name,
    is_experiment,
    marked,
)
from medloop.rules.project import Project, Training
from medloop.rules.training_plan import Platform, training_job

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
TRAINING = Training(recipe="debug", overrides={"epochs": 3}, max_minutes=30, max_cost_usd=5, seed=4)
PROJECT = Project(project="chest", classes=("normal", "pneumonia"), training=TRAINING)
TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def plan(changes: Changes) -> dict[str, Any]:
    project = changed_project(PROJECT, changes)
    name = experiment_name("dev", "chest", "once")
    wanted = TrainingRequested(project="chest", dataset="d" * 64, job=name, cause="person")
    platform = changed_platform(PLATFORM, project, changes)
    return marked(training_job(wanted, name, project, 3, None, platform))


def test_without_changes_only_the_name_and_a_tag_differ() -> None:
    mine = plan(Changes())
    wanted = TrainingRequested(project="chest", dataset="d" * 64, job="medloop-dev-chest-1", cause="person")
    loops = training_job(wanted, wanted.job, PROJECT, 3, None, PLATFORM)
    differing = {key for key in mine if mine[key] != loops[key]}
    assert differing == {"TrainingJobName", "CheckpointConfig", "Tags"}
    assert mine["Tags"] == [*loops["Tags"], {"Key": "medloop:experiment", "Value": "true"}]
    assert mine["CheckpointConfig"]["S3Uri"].endswith(mine["TrainingJobName"])


def test_what_is_wanted_differently_reaches_the_container() -> None:
    changes = Changes(overrides={"batch": 8}, seed=9, max_minutes=5, instance_type="ml.g5.xlarge")
    job = plan(changes)
    told = job["HyperParameters"]
    assert (told["recipe"], told["overrides"]) == ("debug", '{"batch": 8, "epochs": 3}')
    assert (told["seed"], told["max_minutes"]) == ("9", "5")
    assert job["StoppingCondition"]["MaxRuntimeInSeconds"] == (5 + 15) * 60
    assert job["ResourceConfig"]["InstanceType"] == "ml.g5.xlarge"


def test_another_recipe_comes_with_its_own_values() -> None:
    told = plan(Changes(recipe="small"))["HyperParameters"]
    assert (told["recipe"], told["overrides"]) == ("small", "{}")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (Changes(overrides={"epoch": 3}), "a recipe has no epoch"),
        (Changes(overrides={"epochs": -3}), "overrides.epochs"),
        (Changes(max_minutes=100_000), "training.max_minutes"),
        (Changes(instance_type="ml.p5.48xlarge"), "what ml.p5.48xlarge costs is not known"),
    ],
)
def test_contradictions_end_before_anything_is_paid_for(changes: Changes, says: str) -> None:
    with pytest.raises(InvalidExperiment, match=says):
        plan(changes)


def test_minutes_given_by_a_person_take_the_place_of_the_cost_cap() -> None:
    dear = Changes(instance_type="ml.p5.48xlarge", max_minutes=20)
    assert plan(dear)["HyperParameters"]["max_minutes"] == "20"


@pytest.mark.parametrize(("stage", "project"), [("dev", "a"), ("s" * 10, "p" * 32)])
def test_the_name_fills_all_that_sagemaker_allows(stage: str, project: str) -> None:
    name = experiment_name(stage, project, "once")
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) and len(name) == 63
    assert is_experiment(stage, name) and not is_experiment("other", name)
    assert name != experiment_name(stage, project, "another time")


def test_no_rule_of_the_stack_listens_to_an_experiment() -> None:
    class Loader(yaml.SafeLoader):
        """CloudFormation's own tags are kept as they are written."""

    Loader.add_multi_constructor("!", lambda loader, tag, node: node.value)
    resources = yaml.load(TEMPLATE.read_text(), Loader)["Resources"]
    [detail] = [
        resource["Properties"]["EventPattern"]["detail"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Events::Rule"
        and "SageMaker Training Job State Change"
        in resource["Properties"].get("EventPattern", {}).get("detail-type", [])
    ]
    assert detail["TrainingJobName"] == [{"prefix": "medloop-${Stage}-"}]
    assert not experiment_name("dev", "chest", "once").startswith("medloop-")
