"""A training job is wanted: start it once, or wait for capacity."""

from typing import Any

from events.training import TrainingRequested
from medloop.aws import training_jobs
from medloop.aws.door import door, logger
from medloop.aws.training_jobs import Refused, Short
from medloop.catalogue.jobs import Job, get_job, note_launch, request_job, set_job_state
from medloop.catalogue.projects import get_project
from medloop.jobs import ask_again, fail_job, measure_backlog, tell_of_wait
from medloop.planning import planned
from medloop.platform import catalogue, now
from medloop.rules.capacity import wait_seconds
from medloop.rules.spending import TooLittleMoney


def on_training_request(body: str) -> None:
    wanted = TrainingRequested.model_validate_json(body)
    job = catalogue().run(
        lambda conn: request_job(conn, wanted.job, wanted.project, wanted.dataset, wanted.cause, now())
    )
    if job.state in ("requested", "waiting_capacity"):
        launch(wanted, job)
    elif job.state == "stopped":
        # This door may have ended between the start and the note of it, and a person cancelled meanwhile.
        training_jobs.stop(job.sagemaker_name)


def launch(wanted: TrainingRequested, job: Job) -> None:
    try:
        request = plan(wanted, job)
    except TooLittleMoney as error:
        fail_job(job, str(error))
        return
    problem = training_jobs.start(request)
    if isinstance(problem, Short):
        wait_for_capacity(wanted, job, problem)
    elif isinstance(problem, Refused):
        fail_job(job, problem.why)
    else:
        started(job)


def plan(wanted: TrainingRequested, job: Job) -> dict[str, Any]:
    project = catalogue().read(lambda conn: get_project(conn, wanted.project))
    if project is None:
        raise LookupError("the request names a project that the catalogue does not know")
    return planned(wanted, job.sagemaker_name, project, job.model_version)


def started(job: Job) -> None:
    """Note it. What a person cancelled in this very moment is stopped again."""
    logger.info("training job started", job=job.name, launched_as=job.sagemaker_name)
    if not catalogue().run(lambda conn: note_launch(conn, job, now())):
        present = catalogue().read(lambda conn: get_job(conn, job.name))
        if present is not None and present.state == "stopped":
            training_jobs.stop(job.sagemaker_name)
    measure_backlog()


def wait_for_capacity(wanted: TrainingRequested, job: Job, problem: Short) -> None:
    seconds = wait_seconds(problem.shortage, wanted.attempt, job.name)
    why = f"{problem.shortage}, try {wanted.attempt + 1}, the next {seconds} s later: {problem.why}"[:500]
    catalogue().run(lambda conn: set_job_state(conn, job.name, "waiting_capacity", now(), why))
    ask_again(job, wanted.attempt + 1, seconds)
    tell_of_wait(job, problem.shortage, problem.why)


handler = door(on_training_request)
