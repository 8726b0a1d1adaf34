"""`medloop jobs`: what trains is shown, and what nobody wants any more is stopped, whatever its state."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from events.training import TrainingRequested
from medloop.aws import queues, training_jobs
from medloop.aws.clients import client
from medloop.catalogue.jobs import CANCELLED, Job, get_job, request_job
from medloop.cli.main import app
from medloop.platform import catalogue, now
from medloop.settings import Settings
from tests.e2e.loop import Loop, until

pytestmark = pytest.mark.cloud

DATASET = "d" * 64


def medloop(*words: str) -> Result:
    return CliRunner().invoke(app, ["--stage", "laptop", *words])


@pytest.fixture(scope="module")
def jobs(settings: Settings) -> Loop:
    loop = Loop(settings, "jobs")
    loop.create(("a", "b"))
    return loop


@contextmanager
def no_free_machine(settings: Settings) -> Iterator[None]:
    """The laptop trains one job at a time: this one, which does nothing."""
    name = "medloop-laptop-idle"
    client("sagemaker").create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={
            "TrainingImage": settings.container_image,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": [sys.executable, "-c", "import time; time.sleep(300)"],
        },
        RoleArn=settings.sagemaker_role_arn,
        OutputDataConfig={"S3OutputPath": f"s3://{settings.models_bucket}/jobs"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    try:
        yield
    finally:
        training_jobs.stop(name)
        until("its end", lambda: status(name) in ("Stopped", "Failed"))


def status(name: str) -> str:
    found = training_jobs.describe(name)
    return "" if found is None else found.status


def named(settings: Settings, ending: str) -> str:
    return f"medloop-{settings.stage}-jobs-{ending}"


def send(settings: Settings, job: str) -> None:
    wish = TrainingRequested(project="jobs", dataset=DATASET, job=job, cause="person")
    queues.send(settings.training_requests_queue_url, wish)


def row(job: str) -> Job:
    found = catalogue().read(lambda conn: get_job(conn, job))
    assert found is not None
    return found


def is_in(job: str, state: str) -> bool:
    found = catalogue().read(lambda conn: get_job(conn, job))
    return found is not None and found.state == state


def test_a_running_job_is_stopped_and_says_by_whom(settings: Settings, jobs: Loop) -> None:
    job = named(settings, "running")
    with no_free_machine(settings):
        send(settings, job)
        until("the start", lambda: is_in(job, "running"))
        said = medloop("jobs", "cancel", "jobs")
        assert said.exit_code == 0 and f"{job} is stopping" in said.output, said.output
        until("the stop", lambda: is_in(job, "stopped"))
    assert row(job).reason == CANCELLED
    assert status(job) == "Stopped"
    again = medloop("jobs", "cancel", job)
    assert again.exit_code == 0 and "had ended before" in again.output, again.output


def test_a_requested_job_that_was_cancelled_never_starts(settings: Settings, jobs: Loop) -> None:
    job = named(settings, "requested")
    catalogue().run(lambda conn: request_job(conn, job, "jobs", DATASET, "person", now()))
    said = medloop("jobs", "cancel", job)
    assert said.exit_code == 0 and CANCELLED in said.output, said.output
    send(settings, job)
    until("the message", lambda: not any(depth.waiting or depth.in_flight for depth in requests(settings)))
    assert (row(job).state, row(job).reason) == ("stopped", CANCELLED)
    with pytest.raises(ClientError, match="not found"):
        client("sagemaker").describe_training_job(TrainingJobName=job)


def requests(settings: Settings) -> list[queues.QueueDepth]:
    return queues.depths(f"medloop-{settings.stage}-training-requests")


def test_a_cost_cap_that_buys_nothing_ends_the_job_with_a_sentence(settings: Settings) -> None:
    poor = Loop(settings, "poor")
    poor.create(("a", "b"), training={"recipe": "debug", "max_cost_usd": 0.01})
    job = f"medloop-{settings.stage}-poor-1"
    wish = TrainingRequested(project="poor", dataset=DATASET, job=job, cause="person")
    queues.send(settings.training_requests_queue_url, wish)
    until("the refusal", lambda: is_in(job, "failed"))
    assert "0.01 USD do not pay" in (row(job).reason or "")


def test_jobs_are_listed_and_shown_with_their_reason(settings: Settings, jobs: Loop) -> None:
    job = named(settings, "shown")
    send(settings, job)
    until("the end", lambda: is_in(job, "failed"))
    listed = medloop("jobs", "list", "jobs").output
    assert "failed" in listed and "version" in listed, listed
    shown = medloop("jobs", "show", job)
    assert shown.exit_code == 0 and "download failed" in shown.output, shown.output


@pytest.mark.parametrize(
    ("words", "says"),
    [(("cancel", "nothing"), "no job and no project nothing"), (("show", "nothing"), "no job nothing")],
)
def test_what_is_not_there_is_said_with_a_remedy(
    settings: Settings, words: tuple[str, str], says: str
) -> None:
    said = medloop("jobs", *words)
    assert said.exit_code == 1
    assert says in said.output + said.stderr


def test_a_project_without_jobs_has_nothing_to_cancel(settings: Settings) -> None:
    Loop(settings, "idle").create(("a", "b"))
    said = medloop("jobs", "cancel", "idle")
    assert said.exit_code == 0 and "no job under way" in said.output, said.output
