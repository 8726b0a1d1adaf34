"""`medloop train`: ask for a training now, of the loop, of SageMaker or of this machine."""

import math
import uuid
from pathlib import Path
from typing import Annotated

import typer

from events.dataset import Task
from events.training import RetrainingConsidered
from medloop.aws import queues
from medloop.catalogue.jobs import Job, active_jobs, latest_job
from medloop.cli.target import connect, console, done, stop
from medloop.cli.training_here import Wish, parse_overrides, project_name, train_here
from medloop.cli.training_remote import Experiment, train_remote
from medloop.cli.uploads import known_project
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue
from medloop.rules.experiment import Changes
from medloop.rules.recipes import RecipeName

HERE = "With --here"
REMOTE = "With --remote"
BOTH = "With --here or --remote"

SPLIT = "80/10/10"


def train(
    project: Annotated[
        str | None, typer.Argument(help="The project's name; with --here it may be left away.")
    ] = None,
    wait: Annotated[
        bool | None,
        typer.Option("--wait/--no-wait", help="Wait until the job has ended; with --remote that is usual."),
    ] = None,
    here: Annotated[
        bool, typer.Option("--here", help="Train on this machine, from a folder; no cloud is asked.")
    ] = False,
    remote: Annotated[
        bool, typer.Option("--remote", help="An experiment in the cloud, apart from the loop.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Folder for the model and its numbers.", rich_help_panel=BOTH),
    ] = None,
    recipe: Annotated[
        RecipeName | None,
        typer.Option(help="A minute on a CPU, minutes on a GPU, or the best.", rich_help_panel=BOTH),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="A field of the recipe; repeatable.", rich_help_panel=BOTH),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, rich_help_panel=BOTH)] = None,
    max_minutes: Annotated[
        float | None,
        typer.Option(min=0.01, help="Of training; the evaluation follows.", rich_help_panel=BOTH),
    ] = None,
    instance_type: Annotated[
        str | None,
        typer.Option(help="By default the stack's, for example ml.g5.xlarge.", rich_help_panel=REMOTE),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(exists=True, help="Images, in one of the forms above.", rich_help_panel=HERE),
    ] = None,
    task: Annotated[
        Task | None, typer.Option(help="By default what the data says.", rich_help_panel=HERE)
    ] = None,
    split: Annotated[
        str, typer.Option(help="Train, validation, test, where the data has none.", rich_help_panel=HERE)
    ] = SPLIT,
    target: Annotated[
        float | None,
        typer.Option(
            help="A validation score: metrics.json tells when it was reached.", rich_help_panel=HERE
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help="Weights to start from: a file, or a model's folder.",
            rich_help_panel=HERE,
        ),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, help="As many as there are GPUs to use.", rich_help_panel=HERE)
    ] = 1,
) -> None:
    """Train a model: of a project in the cloud, or with --here of a folder on this machine.

    Of a project: freeze a dataset version now and train on it; the schedule and its cool-down are not asked.

    With --remote the SageMaker SDK launches the job from here, with the loop's own container and settings, on
    the newest frozen version. The options change what the project says. Nothing is registered or served; only
    the quota of machines is shared with the loop. Ctrl-C ends the waiting, not the job.

    With --here the training container's own code runs on this machine, and nothing leaves it. DIR may be

    [bold]DIR/CLASS/…[/] a folder of images for each class; or these in DIR/train, DIR/val and DIR/test
    [bold]DIR/images/…, DIR/labels/…[/] masks called as their images are; DIR/classes.txt names structures
    [bold]DIR/images/…, DIR/labels/*.csv[/] or DIR/*.csv: file,label and maybe split; classes parted by |
    [bold]DIR/manifest.jsonl, DIR/shards[/] what `medloop dataset export` writes
    [bold]FILE.npz[/] train_images, train_labels, val_images … as MedMNIST has them

    Images are DICOM, NIfTI, PNG, JPEG or TIFF, told by content. Where no split is given patients stay on one
    side, and every class is on every side. What cannot be read is left out, and OUT/left-out.jsonl says why.
    Ctrl-C writes a checkpoint; the same command goes on from there.

    [dim]medloop train --here --data ./images --out ./run --recipe debug
    medloop train --here --data ./pneumoniamnist.npz --out ./run --override epochs=12 --target 0.9
    medloop train chest --remote --recipe best --seed 1 --instance-type ml.g5.xlarge --out ./run
    medloop train chest --wait[/]
    """
    if here and remote:
        stop("a training is either here or remote", "leave one of them out")
    if here and (instance_type is not None or wait is not None):
        stop("--wait and --instance-type are for a training in the cloud", "leave them out, or --here")
    overrides = parse_overrides(override or [])
    if here:
        train_here(
            Wish(
                data=wanted(data, "--data").resolve(),
                out=wanted(out, "--out").resolve(),
                project=project_name(project),
                task=task,
                split=split,
                recipe=recipe or "small",
                overrides=overrides,
                seed=seed or 0,
                max_minutes=max_minutes or 24 * 60,
                target=target,
                processes=processes,
                start=start,
            )
        )
    elif (data, task, target, split, start, processes) != (None, None, None, SPLIT, None, 1):
        stop("--data, --task, --target, --split, --start and --processes are for this machine", "add --here")
    elif project is None:
        raise typer.BadParameter("a project is wanted, or --here", param_hint="PROJECT")
    elif remote:
        minutes = None if max_minutes is None else math.ceil(max_minutes)
        changes = Changes(recipe, overrides, seed, minutes, instance_type)
        train_remote(Experiment(project, changes, wait is not False, out))
    elif (recipe, override, seed, max_minutes, instance_type, out) != (None,) * 6:
        stop("a job of the loop has the project's settings", "--remote makes it an experiment with others")
    else:
        train_project(project, bool(wait))


def wanted(path: Path | None, option: str) -> Path:
    if path is None:
        raise typer.BadParameter("--here needs it", param_hint=option)
    return path


def train_project(project: str, wait: bool) -> None:
    """In the cloud that the commands speak to."""
    settings = connect()
    known_project(project)
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
