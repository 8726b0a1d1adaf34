"""Whoever waits for an experiment sees each line once, may go, and hears in a sentence what came of it."""

from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError, NoCredentialsError

from medloop.aws import job_logs
from medloop.aws.training_jobs import Refused, Short, TrainingJob
from medloop.cli import training_remote
from medloop.rules.recipes import choose_recipe

NAME = "experiment-dev-chest-0123456789ab"
RECIPE = choose_recipe("classification", 2, "debug", {})


class Logs:
    """CloudWatch with one stream, two lines a page."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.is_there = False

    def describe_log_streams(self, logGroupName: str, logStreamNamePrefix: str) -> dict[str, Any]:
        if not self.is_there:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "DescribeLogStreams")
        return {"logStreams": [{"logStreamName": f"{logStreamNamePrefix}algo-1"}]}

    def get_log_events(
        self, logGroupName: str, logStreamName: str, startFromHead: bool, nextToken: str = "0"
    ) -> dict[str, Any]:
        assert startFromHead
        start = int(nextToken)
        page = self.lines[start : start + 2]
        return {
            "events": [{"message": line} for line in page],
            "nextForwardToken": str(start + len(page)),
        }


def test_every_line_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = Logs()
    monkeypatch.setattr(job_logs, "client", lambda service: logs)
    log = job_logs.JobLog(NAME)
    assert log.new_lines() == []
    logs.is_there, logs.lines = True, ["a", "b", "c\n"]
    assert log.new_lines() == ["a", "b", "c"]
    logs.lines.append("d")
    assert log.new_lines() == ["d"]
    assert log.new_lines() == []


def test_ctrl_c_ends_the_waiting_and_not_the_job(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str, recipe: object) -> TrainingJob:
        raise KeyboardInterrupt

    monkeypatch.setattr(training_remote, "follow", interrupted)
    with pytest.raises(typer.Exit) as ended:
        training_remote.stay(NAME, RECIPE)
    assert ended.value.exit_code == 130
    said = capsys.readouterr().out
    assert "the job goes on" in said and f"jobs cancel {NAME}" in said


def test_a_failed_experiment_gives_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    job = TrainingJob(NAME, "Failed", "Failed", "AlgorithmError: loss is [NaN]", True, "")
    with pytest.raises(typer.Exit) as ended:
        training_remote.conclude(None, None, job, None)  # type: ignore[arg-type]
    assert ended.value.exit_code == 1
    assert "AlgorithmError: loss is [NaN]" in capsys.readouterr().err


def denied() -> ClientError:
    text = "User is not authorized to perform iam:PassRole"
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": text}}, "CreateTrainingJob")


@pytest.mark.parametrize(
    ("answer", "problem", "remedy"),
    [
        (Short("no capacity", "ResourceLimitExceeded: 0 left"), "lends you no ml.g5", "--instance-type"),
        (Refused("ValidationException: no image"), "refuses the job: Valid", "nothing was started"),
        (denied(), "you may not launch this job", "iam:PassRole for the stack's"),
        (NoCredentialsError(), "Unable to locate credentials", "set up AWS credentials"),
    ],
)
def test_a_job_that_cannot_start_is_explained(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: object,
    problem: str,
    remedy: str,
) -> None:
    def start(plan: dict[str, Any]) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(training_remote.model_trainer, "start", start)
    with pytest.raises(typer.Exit):
        training_remote.launch({"ResourceConfig": {"InstanceType": "ml.g5.xlarge"}})
    first, second = capsys.readouterr().err.strip().splitlines()
    assert problem in first and remedy in second
