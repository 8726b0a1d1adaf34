"""`medloop train`: ask for a training now."""

import uuid
from typing import Annotated

import typer

from events.training import RetrainingConsidered
from medloop.aws import queues
from medloop.catalogue.jobs import Job, active_jobs, latest_job
from medloop.cli.target import connect, console, done, stop
from medloop.cli.uploads import known_project
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue
from medloop.rules.retraining import without_recipe


def train(
    project: str,
    wait: Annotated[bool, typer.Option(help="Wait until the job has ended and the gate has spoken.")] = False,
) -> None:
    """Freeze a dataset version now and train on it; the schedule and its cool-down are not asked."""
    settings = connect()
    if why := without_recipe(known_project(project)):
        stop(f"project {project}: {why}", "`medloop dataset freeze` makes versions to train on elsewhere")
    running = catalogue().read(lambda conn: active_jobs(conn, project))
    if running:
        stop(f"{running[0].name} is already under way", "`medloop status --watch` shows how it goes")
    before = last_job(project)
    request = RetrainingConsidered(project=project, cause="person", request=uuid.uuid4().hex)
    queues.send(settings.retraining_checks_queue_url, request)
    wait_for("the job to start", lambda: last_job(project) != before, seconds=180)
    job = last_job(project)
    assert job is not None
    done(f"training job {job.name}, model version {job.model_version}")
    if wait:
        follow(job)


def last_job(project: str) -> Job | None:
    return catalogue().read(lambda conn: latest_job(conn, project))


def follow(job: Job) -> None:
    def ended() -> bool:
        now = last_job(job.project)
        return now is not None and now.finished_at is not None

    wait_for("the training", ended, seconds=24 * 3600)
    final = last_job(job.project)
    if final is not None:
        console.print(f"{final.state}: {final.reason}", highlight=False)
        raise typer.Exit(0 if final.state == "completed" else 1)
