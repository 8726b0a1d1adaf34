"""SageMaker throttles, has no quota or no machine: jobs wait, others go on, none fails for it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from benchmarks.stage import Stage, until
from events.training import TrainingRequested
from local.faults import Faults, Plan
from medloop.catalogue.jobs import CANCELLED, Job, cancel_job, get_job

pytestmark = pytest.mark.cloud

DOOR = ("on-training-request",)
REQUESTS = "medloop-laptop-training-requests"


@pytest.fixture
def calm(faults: Faults) -> Iterator[Faults]:
    faults.stop()
    faults.forget()
    yield faults
    faults.stop()


def ask(stage: Stage, project: str) -> str:
    """Request a job on a dataset that is not there: one that is launched ends by that."""
    stage.create_project(project)
    job = f"medloop-laptop-{project}-0123456789ab"
    send(stage, project, job)
    return job


def send(stage: Stage, project: str, job: str) -> None:
    wish = TrainingRequested(project=project, dataset="d" * 64, job=job, cause="person")
    stage.sqs.send_message(
        QueueUrl=stage.settings.training_requests_queue_url, MessageBody=wish.model_dump_json()
    )


def row(stage: Stage, job: str) -> Job | None:
    return stage.catalogue.read(lambda conn: get_job(conn, job))


def reason(stage: Stage, job: str) -> str:
    return (found.reason or "") if (found := row(stage, job)) else ""


def waits(stage: Stage, job: str) -> bool:
    return (found := row(stage, job)) is not None and found.state == "waiting_capacity"


def was_launched(stage: Stage, job: str) -> bool:
    found = row(stage, job)
    return found is not None and found.state == "failed" and "download failed" in reason(stage, job)


def dead_letters(stage: Stage) -> int:
    return stage.depth(f"{REQUESTS}-dlq").messages


def test_a_throttled_or_quotaless_request_waits_and_then_starts(stage: Stage, calm: Faults) -> None:
    calm.follow(Plan(functions=DOOR, rates={"sagemaker": {"quota": 1.0}}))
    job = ask(stage, "quota")
    until("the wait", lambda: waits(stage, job))
    assert "ResourceLimitExceeded" in reason(stage, job)
    until("a second try", lambda: "try 2" in reason(stage, job), 60)
    calm.stop()
    until("the launch", lambda: was_launched(stage, job), 120)
    assert calm.injected()["sagemaker quota"] >= 2
    assert dead_letters(stage) == 0


def test_a_job_that_waits_holds_no_other_back(stage: Stage, calm: Faults) -> None:
    calm.follow(Plan(functions=DOOR, rates={"sagemaker": {"quota": 1.0}}))
    held = ask(stage, "held")
    until("the wait", lambda: waits(stage, held))
    calm.stop()
    free = ask(stage, "free")
    until("the other job", lambda: was_launched(stage, free), 60)
    until("the held job", lambda: was_launched(stage, held), 120)


def test_a_job_that_never_got_its_machine_is_launched_under_another_name(stage: Stage, calm: Faults) -> None:
    calm.follow(Plan(functions=(), no_machines="medloop-laptop-spare"))
    job = ask(stage, "spare")
    until("the wait", lambda: waits(stage, job))
    waiting = row(stage, job)
    assert waiting is not None and "CapacityError" in (waiting.reason or "")
    assert (waiting.sagemaker_name, waiting.launches) == (f"{job}-r1", 1)
    calm.stop()
    until("the second launch", lambda: was_launched(stage, job), 150)
    described = stage.client("sagemaker").describe_training_job(TrainingJobName=f"{job}-r1")
    assert described["TrainingJobStatus"] == "Failed"


def test_what_was_cancelled_while_it_waited_never_starts(stage: Stage, calm: Faults) -> None:
    calm.follow(Plan(functions=DOOR, rates={"sagemaker": {"quota": 1.0}}))
    job = ask(stage, "cancelled")
    until("the wait", lambda: waits(stage, job))
    stage.catalogue.run(lambda conn: cancel_job(conn, job, datetime.now(UTC)))
    calm.stop()
    # As the delayed one will come.
    send(stage, "cancelled", job)
    until("the message", lambda: stage.depth(REQUESTS).messages == 0, 120)
    stopped = row(stage, job)
    assert stopped is not None and (stopped.state, stopped.reason) == ("stopped", CANCELLED)
    sagemaker = stage.client("sagemaker")
    with pytest.raises(sagemaker.exceptions.ClientError, match="not found"):
        sagemaker.describe_training_job(TrainingJobName=job)
