"""`medloop jobs`: what trains, what waits and why, what came of it; and how to stop it."""

from typing import Annotated

import typer
from rich.table import Table

from medloop.aws import training_jobs
from medloop.cancelling import cancel as cancel_job
from medloop.catalogue.jobs import ENDED, Job, active_jobs, get_job, list_jobs
from medloop.catalogue.projects import get_project
from medloop.cli.target import connect, console, done, stop
from medloop.platform import catalogue
from medloop.rules.experiment import is_experiment
from medloop.settings import Settings

app = typer.Typer(help="Training jobs.", no_args_is_help=True)


@app.command("list")
def list_all(
    project: Annotated[str | None, typer.Argument(help="Only this project's.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
) -> None:
    """The latest jobs first, each with its state and why it is in it."""
    connect()
    table = Table("job", "project", "version", "state", "requested", "why", box=None, header_style="bold")
    for job in catalogue().read(lambda conn: list_jobs(conn, project, limit=limit)):
        requested = f"{job.requested_at:%Y-%m-%d %H:%M}"
        table.add_row(
            job.name, job.project, str(job.model_version), state_of(job), requested, job.reason or ""
        )
    console.print(table)


@app.command()
def show(job: str) -> None:
    """A job's state and reason, the last row of its curves, and the evidence that the gate decided on."""
    settings = connect()
    found = known_job(job)
    console.print(f"[bold]{found.name}[/]  {found.project}, version {found.model_version}", highlight=False)
    for name, value in facts(found).items():
        console.print(f"  {name}: {value}", highlight=False, markup=False, soft_wrap=True)
    if found.evaluation:
        console.print_json(found.evaluation)
    elif row := last_row(settings, found):
        console.print(f"  {row}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def cancel(
    job_or_project: Annotated[
        str, typer.Argument(help="One job, or experiment, or a project with all its jobs.")
    ],
) -> None:
    """Stop a job, or all of a project: what runs keeps its last checkpoint, what waits never starts."""
    settings = connect()
    if is_experiment(settings.stage, job_or_project):
        cancel_experiment(job_or_project)
        return
    for job in jobs_meant(job_or_project):
        if job.state in ENDED:
            done(f"{job.name} had ended before: {job.state}")
        else:
            cancel_one(job)


def cancel_one(job: Job) -> None:
    present = cancel_job(job)
    if present.state == "running":
        done(f"{job.name} is stopping; SageMaker gives it two minutes for a last checkpoint")
    else:
        done(f"{job.name}: {present.state}, {present.reason}")


def cancel_experiment(name: str) -> None:
    """SageMaker alone knows it."""
    if training_jobs.stop(name):
        done(f"{name} is stopping; SageMaker gives it two minutes for a last checkpoint")
    elif training_jobs.describe(name) is None:
        stop(f"no experiment {name}", "`medloop train PROJECT --remote` prints each one's name")
    else:
        done(f"{name} had ended before")


def jobs_meant(job_or_project: str) -> list[Job]:
    """One job by its name, else what a project has under way."""
    found = catalogue().read(lambda conn: get_job(conn, job_or_project))
    if found is not None:
        return [found]
    if catalogue().read(lambda conn: get_project(conn, job_or_project)) is None:
        stop(f"no job and no project {job_or_project}", "`medloop jobs list` shows the jobs")
    active = catalogue().read(lambda conn: active_jobs(conn, job_or_project))
    if not active:
        done(f"{job_or_project} has no job under way")
    return active


def known_job(name: str) -> Job:
    found = catalogue().read(lambda conn: get_job(conn, name))
    if found is None:
        stop(f"no job {name}", "`medloop jobs list` shows which there are")
    return found


def state_of(job: Job) -> str:
    return "stopping" if job.state == "running" and job.cancelled_at is not None else job.state


def facts(job: Job) -> dict[str, str]:
    """What the catalogue knows, without what is not there."""
    moments = {"requested": job.requested_at, "started": job.started_at, "finished": job.finished_at}
    told = {
        "state": state_of(job),
        "why": job.reason,
        "cause": job.cause,
        "dataset": job.dataset,
        **{name: f"{at:%Y-%m-%d %H:%M:%S}" for name, at in moments.items() if at is not None},
        "launched as": job.launched_as,
    }
    return {name: value for name, value in told.items() if value}


def last_row(settings: Settings, job: Job) -> str:
    """Of the curves: out of the job's output, or out of its log while it runs."""
    history = training_jobs.read_history(settings.models_bucket, job.sagemaker_name)
    if history:
        return " ".join(f"{name}={value}" for name, value in history[-1].items())
    return training_jobs.last_epoch_line(job.sagemaker_name)
