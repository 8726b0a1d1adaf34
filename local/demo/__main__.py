"""`python -m local.demo`: the whole loop on this machine, ending in a table, a picture and report.json."""

import os
import signal
import sys
import time
import webbrowser
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from events.evaluation import Evaluation
from local import people
from local.cloud import down, up
from local.demo import run
from local.demo.images import DemoImages, DemoTask, NoImages, chosen, generated
from local.demo.picture import draw
from local.demo.report import Report, table
from local.demo.results import fetch_one, wait_for_results
from local.demo.structures import chosen_volumes, generated_volumes
from local.main import show
from local.processes import ProcessFailed
from local.state import Laptop
from medloop.catalogue.grants import grant
from medloop.cli.target import choose_laptop, connect, stop
from medloop.platform import catalogue, now
from medloop.settings import Settings

console = Console()

FORMS = {
    "classification": "DATA needs one folder per class, as in DATA/normal and DATA/pneumonia",
    "segmentation": "DATA needs DATA/images and DATA/labels, with equal file names",
}


def main(
    task: Annotated[DemoTask, typer.Option(help="What is learnt: a class an image, or masks of volumes.")] = (
        "classification"
    ),
    data: Annotated[
        Path | None,
        typer.Option(
            help="A folder of class folders, or with images/ and labels/; generated images without."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=4, help="Images per class, or in all with masks.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    out: Annotated[Path, typer.Option(help="Where report, picture and the cloud's state go.")] = Path(
        ".medloop/demo"
    ),
    seed: Annotated[int, typer.Option(help="Decides which images are generated or chosen.")] = 0,
    look: Annotated[
        bool | None,
        typer.Option(
            "--look/--no-look",
            help="Keep the cloud up at the end, to look at the console, until Ctrl-C; usual at a terminal.",
        ),
    ] = None,
) -> None:
    """Bring the laptop cloud up, upload, train, judge, deploy, predict, and report."""
    signal.signal(signal.SIGTERM, interrupted)
    out = out.resolve()
    try:
        images = pick(task, data, limit, seed, out)
    except NoImages as error:
        stop(str(error), FORMS[task])
    is_watched = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        report = demo(images, epochs, out, is_watched if look is None else look)
    except (run.DemoFailed, ProcessFailed) as error:
        stop(str(error), f"logs are in {out / 'cloud' / 'logs'}")
    raise typer.Exit(0 if report.succeeded else 1)


def interrupted(number: int, frame: FrameType | None) -> NoReturn:
    """A polite kill stops the cloud as Ctrl-C does."""
    raise KeyboardInterrupt


def pick(task: DemoTask, data: Path | None, limit: int | None, seed: int, out: Path) -> DemoImages:
    if task == "segmentation":
        made = out / "volumes"
        return generated_volumes(made, seed) if data is None else chosen_volumes(data, limit, seed)
    return generated(out / "images", seed) if data is None else chosen(data, limit, seed)


def demo(images: DemoImages, epochs: int | None, out: Path, look: bool) -> Report:
    """The stages, with a fresh cloud around them that is stopped whatever happens.

    Args:
        look: before it is stopped, wait until somebody who looks at the console has seen enough.
    """
    started = time.monotonic()
    watch = run.Stopwatch(console)
    try:
        with watch.stage("bring the cloud up"):
            cloud = up(fresh=True, home=out / "cloud", progress=show)
        choose_laptop(cloud.home / "laptop.json")
        report, outcome = stages(connect(), images, epochs, watch, started)
        write(out, report, outcome)
        fetch_one(run.PROJECT, connect(), out / "results")
        tell(report, out)
        if look:
            show_console(cloud)
        else:
            console.print("`make demo LOOK=1` leaves the console open to look at them", highlight=False)
    finally:
        down(out / "cloud")
    return report


def tell(report: Report, out: Path) -> None:
    console.print(table(report))
    for name in ("report.json", "report.png"):
        console.print(out / name, highlight=False, soft_wrap=True)
    names = " ".join(sorted(file.name for file in (out / "results").iterdir()))
    console.print(f"{out / 'results'}: {names}", highlight=False, soft_wrap=True)


def show_console(cloud: Laptop) -> None:
    """Until Ctrl-C; the people that every laptop cloud has may see the demo's project."""
    for name in people.NAMES.values():
        catalogue().run(partial(grant, person=name, project=run.PROJECT, by="demo", at=now()))
    console.rule("[bold]look", align="left", style="dim")
    console.print(f"the console is at {cloud.console}", highlight=False, soft_wrap=True)
    console.print(f"sign in as admin, engineer or reader; the password: {people.password(cloud.home)}")
    console.print("Ctrl-C ends it and stops the cloud")
    if sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        webbrowser.open(cloud.console)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print()


def stages(
    settings: Settings, images: DemoImages, epochs: int | None, watch: run.Stopwatch, started: float
) -> tuple[Report, run.Outcome]:
    with watch.stage("create the project"):
        run.create_project(settings, images, epochs)
    with watch.stage("upload and take in"):
        refused = run.upload(images)
    with watch.stage("train and judge"):
        job = run.train(settings, console)
    with watch.stage("deploy"):
        run.wait_for_champion(job)
    with watch.stage("predict"):
        asked, answers, refused_too = run.predict(images, settings)
        wait_for_results(run.PROJECT)
    assert job.evaluation is not None
    evaluation = Evaluation.model_validate_json(job.evaluation)
    history = run.read_history(settings, job)
    outcome = run.Outcome(job, evaluation, history, asked, answers, refused + refused_too)
    return run.count(settings, outcome, watch.seconds, time.monotonic() - started), outcome


def write(out: Path, report: Report, outcome: run.Outcome) -> None:
    (out / "report.json").write_text(report.model_dump_json(indent=2) + "\n")
    draw(out / "report.png", outcome.answers, outcome.evaluation, outcome.history)


if __name__ == "__main__":
    typer.run(main)
