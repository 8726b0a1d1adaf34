"""`medloop train --remote`: the SageMaker SDK launches the loop's own job, and the loop takes no notice."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from events.evaluation import Evaluation
from medloop.aws import model_trainer, objects, queues
from medloop.aws.clients import client
from medloop.cli.main import app
from medloop.rules.deployment import endpoint_name
from medloop.settings import Settings
from tests.e2e.loop import Loop, until


def is_installed() -> bool:
    try:
        model_trainer.check_installed()
    except model_trainer.NoModelTrainer:
        return False
    return True


pytestmark = [
    pytest.mark.cloud,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not is_installed(), reason="the extra `remote` is not installed"),
]

CLASSES = ("cross", "ring")
NAME = re.compile(r"experiment-laptop-trials-[0-9a-f]+")


def medloop(*words: str) -> Result:
    return CliRunner().invoke(app, ["--stage", "laptop", *words])


@pytest.fixture(scope="module")
def trials(settings: Settings) -> Loop:
    loop = Loop(settings, "trials")
    loop.create(CLASSES, epochs=9)
    return loop


def test_without_a_frozen_version_it_is_said_what_to_do(trials: Loop) -> None:
    said = medloop("train", "trials", "--remote")
    assert said.exit_code == 1
    assert "it has no frozen dataset version" in said.stderr
    assert "`medloop dataset freeze trials`" in said.stderr


@pytest.fixture(scope="module")
def frozen(trials: Loop, samples: Path) -> Loop:
    trials.upload_labelled_of(samples / "labelled", CLASSES)
    said = medloop("dataset", "freeze", "trials")
    assert said.exit_code == 0, said.output
    return trials


def described(said: Result) -> dict[str, Any]:
    found = NAME.search(said.output)
    assert found, said.output
    return dict(client("sagemaker").describe_training_job(TrainingJobName=found[0]))


def test_an_experiment_trains_as_the_loop_does(frozen: Loop, tmp_path: Path) -> None:
    changes = ("--recipe", "debug", "--override", "epochs=2", "--seed", "5", "--max-minutes", "7")
    said = medloop("train", "trials", "--remote", *changes, "--out", str(tmp_path / "run"))
    assert said.exit_code == 0, said.output + said.stderr
    assert [line.split()[0] for line in said.output.splitlines() if line.startswith("epoch=")] == [
        "epoch=1",
        "epoch=2",
    ]
    assert "the gate would promote it" in said.output

    job = described(said)
    told = job["HyperParameters"]
    assert (told["seed"], told["max_minutes"], told["champion_version"]) == ("5", "7", "")
    assert json.loads(told["overrides"]) == {"epochs": 2}
    assert job["RoleArn"] == frozen.settings.sagemaker_role_arn
    assert job["AlgorithmSpecification"]["TrainingImage"] == frozen.settings.container_image
    tags = client("sagemaker").list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "medloop:project": "trials",
        "medloop:experiment": "true",
    }

    evaluation = (tmp_path / "run" / "evaluation.json").read_text()
    assert Evaluation.model_validate_json(evaluation).epochs == 2
    assert (tmp_path / "run" / "model" / "MODEL_CARD.md").is_file()
    place = f"jobs/{job['TrainingJobName']}/tensorboard-output/"
    assert list(objects.list_keys(frozen.settings.models_bucket, place))


def test_the_loop_takes_no_notice(frozen: Loop) -> None:
    """Runs behind the one before: its job has ended."""
    assert frozen.jobs() == []
    assert frozen.champion() is None
    assert [(depth.waiting, depth.in_flight) for depth in outcomes(frozen.settings)] == [(0, 0)] * 2
    group = endpoint_name(frozen.settings.stage, frozen.project)
    with pytest.raises(ClientError, match="does not exist"):
        client("sagemaker").describe_model_package_group(ModelPackageGroupName=group)


def outcomes(settings: Settings) -> list[queues.QueueDepth]:
    return queues.depths(f"medloop-{settings.stage}-training-outcomes")


def test_an_experiment_goes_on_alone_and_can_be_cancelled(frozen: Loop) -> None:
    said = medloop("train", "trials", "--remote", "--override", "epochs=500", "--no-wait")
    assert said.exit_code == 0, said.output + said.stderr
    name = described(said)["TrainingJobName"]
    assert f"jobs cancel {name}" in said.output
    cancelled = medloop("jobs", "cancel", name)
    assert cancelled.exit_code == 0 and "is stopping" in cancelled.output
    until("its end", lambda: described(said)["TrainingJobStatus"] == "Stopped")
    assert "had ended before" in medloop("jobs", "cancel", name).output


def test_a_refusal_is_one_sentence(frozen: Loop) -> None:
    said = medloop("train", "trials", "--remote", "--instance-type", "a-big-one", "--no-wait")
    assert said.exit_code == 1
    assert "SageMaker refuses the job" in said.stderr and "a-big-one" in said.stderr
