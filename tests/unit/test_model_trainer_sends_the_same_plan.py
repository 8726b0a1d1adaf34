"""The SageMaker SDK sends the request that boto3 would send, to the last member."""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from test_experiments_are_planned import PLATFORM, PROJECT
from typer.testing import CliRunner

from events.training import TrainingRequested
from medloop.aws import clients, model_trainer
from medloop.aws.training_jobs import Refused, Short
from medloop.cli.main import app
from medloop.rules.experiment import experiment_name, marked
from medloop.rules.training_plan import Champion, training_job

NAME = experiment_name("dev", "chest", "once")
WANTED = TrainingRequested(project="chest", dataset="d" * 64, job=NAME, cause="person")
BY_METHOD = ("MetricDefinitions", "RetryStrategy", "TensorBoardOutputConfig")


def is_installed() -> bool:
    try:
        model_trainer.check_installed()
    except model_trainer.NoModelTrainer:
        return False
    return True


needs_the_sdk = pytest.mark.skipif(not is_installed(), reason="the extra `remote` is not installed")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    clients.session.cache_clear()
    clients.client.cache_clear()
    yield
    clients.session.cache_clear()
    clients.client.cache_clear()


def request(champion: Champion | None = None) -> dict[str, Any]:
    return marked(training_job(WANTED, NAME, PROJECT, 3, champion, PLATFORM))


def leaves(value: Any) -> set[Any]:
    if isinstance(value, dict):
        return {leaf for name, member in value.items() if name not in BY_METHOD for leaf in leaves(member)}
    return {leaf for member in value for leaf in leaves(member)} if isinstance(value, list) else {value}


@needs_the_sdk
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("champion", [None, Champion(2, "s3://models/jobs/j/output/model.tar.gz")])
def test_both_ways_send_the_same_request(aws: None, champion: Champion | None) -> None:
    plan = request(champion)
    assert model_trainer.model_trainer(plan)._create_training_job_args(boto3=True) == plan


@needs_the_sdk
@pytest.mark.filterwarnings("ignore")
def test_the_sdk_adds_nothing_of_its_own_and_tells_nobody(
    aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from sagemaker.core.telemetry import telemetry_logging

    network = {"VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}
    defaults = {"SchemaVersion": "1.0", "SageMaker": {"TrainingJob": network}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(defaults))
    monkeypatch.setenv("SAGEMAKER_USER_CONFIG_OVERRIDE", str(tmp_path))
    told: list[object] = []
    monkeypatch.setattr(telemetry_logging, "_send_telemetry_request", lambda *facts: told.append(facts))

    sent: dict[str, Any] = {}

    def stop_here(self: object, operation: str, arguments: dict[str, Any]) -> None:
        sent[operation] = arguments
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", stop_here)
    assert model_trainer.start(request()) == Refused("ValidationException: no")
    assert sent == {"CreateTrainingJob": request()}
    assert told == []


def test_nothing_of_the_plan_is_left_behind() -> None:
    plan = request(Champion(2, "s3://models/jobs/j/output/model.tar.gz"))
    assert leaves(plan) == leaves(model_trainer.arguments(plan))


class Trainer:
    """Instead of the SDK's, with what SageMaker may answer."""

    def __init__(self, code: str) -> None:
        self.code = code

    def train(self, wait: bool, logs: bool) -> None:
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "CreateTrainingJob")


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("", None),
        ("ResourceInUse", None),
        ("ResourceLimitExceeded", Short("no capacity", "ResourceLimitExceeded: no")),
        ("ValidationException", Refused("ValidationException: no")),
    ],
)
def test_refusals_mean_the_same_either_way(
    monkeypatch: pytest.MonkeyPatch, code: str, answer: Short | Refused | None
) -> None:
    monkeypatch.setattr(model_trainer, "model_trainer", lambda request: Trainer(code))
    monkeypatch.setattr(model_trainer, "describe", lambda name: name)
    assert model_trainer.start(request()) == answer


def test_a_job_under_another_name_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_trainer, "model_trainer", lambda request: Trainer(""))
    monkeypatch.setattr(model_trainer, "describe", lambda name: None)
    with pytest.raises(RuntimeError, match=f"not as {NAME}"):
        model_trainer.start(request())


def test_without_the_sdk_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    said = CliRunner().invoke(app, ["train", "chest", "--remote"])
    assert said.exit_code == 1
    assert "sagemaker-train" in said.stderr and "`make remote`" in said.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--here", "--remote"), "either here or remote"),
        (("chest", "--seed", "3"), "--remote makes it an experiment"),
        (("chest", "--remote", "--target", "0.9"), "add --here"),
        (("chest", "--remote", "--no-wait", "--out", "run"), "leave --no-wait out"),
        (("chest", "--remote", "--out", "."), "holds something already"),
    ],
)
def test_options_that_contradict_each_other_end_with_a_remedy(words: tuple[str, ...], says: str) -> None:
    said = CliRunner().invoke(app, ["train", *words])
    assert said.exit_code == 1 and says in said.stderr, said.output
