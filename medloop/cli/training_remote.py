"""`medloop train --remote`: an experiment in the cloud, launched from here with the SageMaker Python SDK."""

import tarfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from events.evaluation import Evaluation
from events.training import TrainingRequested
from medloop.aws import job_results, model_trainer, training_jobs
from medloop.aws.datasets import read_contents
from medloop.aws.job_logs import JobLog
from medloop.aws.training_jobs import Refused, Short, TrainingJob
from medloop.catalogue.datasets import list_datasets
from medloop.catalogue.jobs import next_model_version
from medloop.catalogue.models import champion
from medloop.cli.target import connect, console, done, stop, target
from medloop.cli.training_here import INTERRUPTED, epochs, scores_table
from medloop.cli.uploads import known_project
from medloop.planning import planned
from medloop.platform import catalogue, training_platform
from medloop.rules.experiment import (
    Changes,
    InvalidExperiment,
    changed_platform,
    changed_project,
    experiment_name,
    marked,
)
from medloop.rules.gate import judge
from medloop.rules.project import Project
from medloop.rules.recipe import Recipe
from medloop.rules.recipes import choose_recipe
from medloop.rules.spending import TooLittleMoney
from medloop.settings import Settings

PAUSE_SECONDS = 2.0

ENDED = ("Completed", "Failed", "Stopped")

DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


@dataclass(frozen=True)
class Experiment:
    """The options of the command."""

    project: str
    changes: Changes
    wait: bool
    out: Path | None


def train_remote(wish: Experiment) -> None:
    """Launch the job, say where everything will be, and stay with it if that is wanted."""
    check_early(wish)
    settings = connect()
    stored = known_project(wish.project)
    project = changed(stored, wish.changes)
    plan = plan_of(settings, project, wish.changes)
    launch(plan)
    name = str(plan["TrainingJobName"])
    done(f"{name} is an experiment: nothing of it is registered or served")
    show_places(settings, name)
    if wish.wait:
        conclude(settings, stored, stay(name, recipe_of(project)), wish.out)


def check_early(wish: Experiment) -> None:
    """What can be told before anybody is asked."""
    if wish.out is not None and not wish.wait:
        stop("--out needs the end of the job", "leave --no-wait out")
    if wish.out is not None and wish.out.is_dir() and any(wish.out.iterdir()):
        stop(f"{escape(str(wish.out))} holds something already", "choose another --out")
    try:
        model_trainer.check_installed()
    except model_trainer.NoModelTrainer:
        say_what_to_install()


def say_what_to_install() -> None:
    stop(
        f"--remote takes the SageMaker SDK, the package {model_trainer.PACKAGE}, and it is not installed",
        "`make remote` in medloop's folder adds it, 0.4 GB with what it needs; without --remote the stack "
        "itself starts the job",
    )


def changed(project: Project, changes: Changes) -> Project:
    try:
        return changed_project(project, changes)
    except InvalidExperiment as error:
        stop(escape(str(error)), "medloop/rules/recipe.py describes every field, docs/projects.md the limits")


def plan_of(settings: Settings, project: Project, changes: Changes) -> dict[str, Any]:
    """CreateTrainingJob as the loop would send it for the newest dataset version, under another name."""
    name = experiment_name(settings.stage, project.project, uuid.uuid4().hex)
    dataset = newest_version(settings, project.project)
    wanted = TrainingRequested(project=project.project, dataset=dataset, job=name, cause="person")
    version = catalogue().read(lambda conn: next_model_version(conn, project.project))
    try:
        platform = changed_platform(training_platform(settings), project, changes)
        return marked(planned(wanted, name, project, version, platform))
    except (InvalidExperiment, TooLittleMoney) as error:
        stop(escape(str(error)), "--max-minutes takes the place of the project's caps for this experiment")


def newest_version(settings: Settings, project: str) -> str:
    rows = catalogue().read(lambda conn: list_datasets(conn, project, limit=1))
    if not rows or read_contents(settings.curated_bucket, project, rows[0].id) is None:
        what = "its newest dataset version is not complete" if rows else "it has no frozen dataset version"
        stop(f"{project} cannot be trained: {what}", f"`medloop dataset freeze {project}` makes one")
    return rows[0].id


def launch(plan: dict[str, Any]) -> None:
    """Ends the command with a sentence where SageMaker does not take the job."""
    machine = plan["ResourceConfig"]["InstanceType"]
    try:
        with console.status("launching"):
            problem = model_trainer.start(plan)
    except model_trainer.NoModelTrainer:
        say_what_to_install()
    except ClientError as error:
        stop(*words_for(error))
    except BotoCoreError as error:
        stop(f"AWS does not answer: {escape(str(error))}", "set up AWS credentials, then try again")
    else:
        if isinstance(problem, Short):
            stop(
                f"SageMaker lends you no {machine} now: {escape(problem.why)}",
                "try later, name another --instance-type, or have its quota for training jobs raised",
            )
        if isinstance(problem, Refused):
            stop(f"SageMaker refuses the job: {escape(problem.why)}", "nothing was started")


def words_for(error: ClientError) -> tuple[str, str]:
    """The problem and its remedy."""
    code, text = error.response["Error"]["Code"], escape(error.response["Error"].get("Message", ""))
    if code in DENIED:
        return (
            f"you may not launch this job: {text}",
            "it takes sagemaker:CreateTrainingJob, sagemaker:DescribeTrainingJob, sagemaker:AddTags, and "
            "iam:PassRole for the stack's SageMaker role",
        )
    return f"AWS does not take the job: {code}: {text}", "set up AWS credentials, then try again"


def show_places(settings: Settings, name: str) -> None:
    bucket = settings.models_bucket
    for what, where in (
        ("log", f"CloudWatch {training_jobs.LOG_GROUP}, streams {name}/…"),
        ("curves", f"{job_results.curves_of(bucket, name)}  (tensorboard --logdir)"),
        ("model", f"{job_results.folder_of(bucket, name)}model.tar.gz"),
        ("report", f"{job_results.folder_of(bucket, name)}output.tar.gz"),
        ("to stop it", cancelling(name)),
    ):
        console.print(f"  {what:10} {escape(where)}", highlight=False, soft_wrap=True)


def cancelling(name: str) -> str:
    stage = "" if target.laptop else f"--stage {target.stage} "
    return f"medloop {stage}jobs cancel {name}"


def recipe_of(project: Project) -> Recipe:
    training = project.training
    return choose_recipe(project.task, project.spatial_dims, training.recipe, training.overrides)


def stay(name: str, recipe: Recipe) -> TrainingJob:
    """Show what happens until the job has ended. Whatever ends the waiting, the job goes on."""
    try:
        return follow(name, recipe)
    except KeyboardInterrupt:
        said = f"no longer waiting; the job goes on. To stop it: {escape(cancelling(name))}"
        console.print(said, highlight=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
    except (BotoCoreError, ClientError) as error:
        stop(
            f"AWS does not answer any more: {escape(str(error))}",
            f"the job goes on; to stop it: {escape(cancelling(name))}",
        )


def follow(name: str, recipe: Recipe) -> TrainingJob:
    log, seen = JobLog(name), ""
    with epochs(recipe) as show:
        while True:
            job = training_jobs.describe(name)
            if job is None:
                stop(f"SageMaker knows no job {name} any more", "look at it in the SageMaker console")
            if job.secondary_status != seen:
                seen = job.secondary_status
                show(seen)
            for line in log.new_lines():
                show(line)
            if job.status in ENDED:
                return job
            time.sleep(PAUSE_SECONDS)


def conclude(settings: Settings, project: Project, job: TrainingJob, out: Path | None) -> None:
    """What came of it, in numbers; its files where they were wanted."""
    if job.status != "Completed":
        why = job.failure_reason or f"the job ended as {job.secondary_status}"
        stop(escape(why), f"its log: CloudWatch {training_jobs.LOG_GROUP}, streams {job.name}/…")
    try:
        evaluation = training_jobs.read_evaluation(settings.models_bucket, job.name)
        if out is not None:
            job_results.download(settings.models_bucket, job.name, out)
    except (training_jobs.NoEvaluation, tarfile.TarError, OSError, BotoCoreError, ClientError) as error:
        where = job_results.folder_of(settings.models_bucket, job.name)
        stop(escape(f"its results cannot be read: {error}"), f"they are in {where}")
    console.print(scores_table(evaluation))
    console.print(escape(opinion(project, evaluation)), highlight=False, soft_wrap=True)
    where = "" if out is None else f"; model and report are in {escape(str(out))}"
    done(f"{evaluation.epochs} epochs in {evaluation.seconds:.0f} s on {evaluation.device}{where}")


def opinion(project: Project, evaluation: Evaluation) -> str:
    """Of the project's gate, which nobody acts on."""
    present = catalogue().read(lambda conn: champion(conn, project.project))
    verdict = judge(evaluation, project.gate, None if present is None else present.version)
    return f"the gate would {'promote' if verdict.promote else 'refuse'} it: {verdict.reason}"
