"""`medloop train --here`: a training on this machine, from a folder, without any cloud."""

import re
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any, BinaryIO, get_args

import typer
import yaml
from pydantic import TypeAdapter, ValidationError
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from events.dataset import Task
from events.evaluation import Evaluation
from events.message import ProjectName
from medloop.cli.target import console, done, errors, stop
from medloop.rules.recipe import Recipe
from medloop.rules.recipes import InvalidRecipe, RecipeName, check_start, choose_recipe
from medloop.workbench import job, launch, results
from medloop.workbench.claim import claimed
from medloop.workbench.exclusions import summary
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Form, Frozen, recognise
from medloop.workbench.frozen import project_of
from medloop.workbench.listing import digest_of
from medloop.workbench.preparing import Prepared, Request, earlier, prepare, task_for
from medloop.workbench.split import parse_shares
from medloop.workbench.start import offer, start_name, weights_in
from medloop.workbench.tree import Tree

INTERRUPTED = 130

LINE = 100
"""Characters that a list of classes may take."""

NAME_LENGTH = 32
"""Characters of a project's name."""

RECIPE_REMEDY = "medloop/rules/recipe.py describes every field, medloop/rules/recipes.py has the values"

METRICS_LINE = re.compile(r"epoch=\d+( \w+=\S+)+")


@dataclass(frozen=True)
class Wish:
    """The options, checked as far as they can be without looking at the data."""

    data: Path
    out: Path
    project: str | None
    task: Task | None
    split: str
    recipe: RecipeName
    overrides: dict[str, Any]
    seed: int
    max_minutes: float
    target: float | None
    processes: int
    start: Path | None = None


def train_here(wish: Wish) -> None:
    """Ends the command with a sentence whatever is wrong with the data, the options or the disk."""
    try:
        form = recognise(wish.data, wish.task)
        check_early(form, wish)
        with claimed(Tree(wish.out), waiting) as claim:
            go_on(form, wish, claim)
    except Unusable as error:
        stop(escape(error.problem), escape(error.remedy))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        stop(escape(f"{where}{error.strerror or error}"), "look at the folder's permissions and free space")
    except (launch.Interrupted, KeyboardInterrupt):
        console.print("stopped; the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None


def go_on(form: Form, wish: Wish, claim: BinaryIO) -> None:
    """Prepare, train, tell; each of them only as far as an earlier run of the same command has not."""
    tree = Tree(wish.out)
    prepared = prepared_data(form, wish, tree)
    recipe = checked_recipe(prepared, wish)
    weights = None if wish.start is None else weights_in(wish.start)
    told = job.hyperparameters(
        prepared,
        wish.recipe,
        plain(wish.overrides, recipe),
        wish.seed,
        wish.max_minutes,
        "" if weights is None else start_name(weights),
    )
    if results.read_evaluation(tree) is None or job.told(tree) != told:
        check_same_training(wish, tree, told)
        check_processes(wish, prepared, recipe)
        offer(weights, told["start"], tree)
        train(wish, tree, told, recipe, claim)
    conclude(wish, tree, prepared, told)


def check_early(form: Form, wish: Wish) -> None:
    """Contradictions end before any image is read, as far as the data's form shows them.

    Raises:
        Unusable: a share, a folder, the target, the task or the recipe cannot be.
    """
    parse_shares(wish.split)
    if wish.target is not None and not 0 <= wish.target <= 1:
        raise Unusable(f"--target {wish.target:g} is no score", "scores lie between 0 and 1")
    if wish.out in (wish.data, *wish.data.parents) or wish.data in wish.out.parents:
        raise Unusable("--out lies in --data, or --data in --out", "choose a folder beside it")
    check_ours(Tree(wish.out))
    if wish.start is not None:
        weights_in(wish.start)
    told = wish.task if form.task is None else task_for(form.task, wish.task)
    tasks = get_args(Task) if told is None else (told,)
    problems = [problem_of(task, dims, wish) for task in tasks for dims in (2, 3)]
    if all(problems):
        raise Unusable(problems[0], RECIPE_REMEDY)


def check_ours(tree: Tree) -> None:
    """Raises Unusable: what a run would replace was made by somebody else."""
    strange = [path for path in (tree.model, tree.metrics, tree.left_out) if path.exists()]
    if strange and not tree.job.is_dir():
        raise Unusable(f"{strange[0]} is not of a training here", "choose another --out")


def problem_of(task: Task, dims: int, wish: Wish) -> str:
    """Why the recipe cannot be; "" where it can."""
    try:
        recipe = choose_recipe(task, dims, wish.recipe, wish.overrides)
        check_start(recipe, None if wish.start is None else wish.start.name)
    except InvalidRecipe as error:
        return str(error)
    return ""


def checked_recipe(prepared: Prepared, wish: Wish) -> Recipe:
    """Raises Unusable: there is none for such data."""
    try:
        return choose_recipe(prepared.task, prepared.spatial_dims, wish.recipe, wish.overrides)
    except InvalidRecipe as error:
        raise Unusable(str(error), RECIPE_REMEDY) from None


def plain(overrides: Mapping[str, Any], recipe: Recipe) -> dict[str, Any]:
    """The overridden fields as the recipe understood them: YAML takes 1e-3 for text."""
    values = recipe.model_dump(mode="json")
    return {name: values[name] for name in overrides}


def prepared_data(form: Form, wish: Wish, tree: Tree) -> Prepared:
    """Raises Unusable: nothing can be trained on it, or --out holds other data."""
    project = wish.project or (project_of(form) if isinstance(form, Frozen) else None)
    request = Request(
        listing=digest_of(wish.data),
        project=project or legal_name(wish.data.stem),
        task=wish.task,
        split=wish.split,
    )
    found = earlier(tree)
    if found is not None and found.request == request:
        return found
    if found is not None and has_begun(tree):
        what = differing(found.request, request)
        raise Unusable(f"{wish.out} holds a training with another {what}", "choose another --out")
    with bars() as progress:
        found = prepare(wish.data, form, request, tree, Steps(progress))
    show_data(found, tree)
    return found


def differing(before: Request, now: Request) -> str:
    """The first thing: a project's name follows from the data where none is given."""
    words = {"listing": "--data, or state of it", "project": "PROJECT", "task": "--task", "split": "--split"}
    return next(words[name] for name in words if getattr(before, name) != getattr(now, name))


def legal_name(text: str) -> str:
    """A project's name made of a folder's."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return words[:NAME_LENGTH].strip("-") or "images"


def train(wish: Wish, tree: Tree, told: Mapping[str, str], recipe: Recipe, claim: BinaryIO) -> None:
    """Run the container until it ends; ends this command where the job did not succeed."""
    for folder in (tree.output, tree.trained):
        shutil.rmtree(folder, ignore_errors=True)
    job.tell(tree, told)
    with epochs(recipe) as show:
        code = launch.run(tree, wish.processes, show, stopping, claim)
    if code or results.read_evaluation(tree) is None:
        stop(escape(failure(tree, code)), f"everything that was printed is in {escape(str(tree.log))}")


def check_same_training(wish: Wish, tree: Tree, told: Mapping[str, str]) -> None:
    """Only the time may change from one run to the next: checkpoints belong to one training.

    Raises:
        Unusable: something else did.
    """
    before = job.told(tree) if has_begun(tree) else None
    words = {"recipe": "--recipe", "overrides": "--override", "seed": "--seed", "start": "--start"}
    other = [word for name, word in words.items() if before and before.get(name, "") != told[name]]
    if other:
        problem = f"{wish.out} holds a training with another {', '.join(other)}"
        raise Unusable(problem, "choose another --out")


def has_begun(tree: Tree) -> bool:
    return any(tree.checkpoints.glob("*"))


def check_processes(wish: Wish, prepared: Prepared, recipe: Recipe) -> None:
    """Raises Unusable: there is not enough for each of them to do."""
    most = min(recipe.batch, prepared.items["validation"])
    if wish.processes > most:
        problem = f"{wish.processes} processes have {most} images to share, in a batch or in the validation"
        raise Unusable(problem, f"--processes {most} at most")


def failure(tree: Tree, code: int) -> str:
    if tree.failure.is_file():
        return tree.failure.read_text(encoding="utf-8")
    if code == -signal.SIGKILL:
        return "the training was killed, most likely because memory did not suffice: override batch or size"
    return f"the training ended with exit code {code}"


def waiting() -> None:
    errors.print("waiting for the end of another run in the same --out", highlight=False)


def stopping() -> None:
    errors.print("stopping: a checkpoint is being written; Ctrl-C again to lose it")


def conclude(wish: Wish, tree: Tree, prepared: Prepared, told: Mapping[str, str]) -> None:
    """Write metrics.json and the model, and say what was reached."""
    evaluation = results.read_evaluation(tree)
    assert evaluation is not None
    metrics = results.metrics_of(evaluation, results.read_history(tree), prepared, told, wish.target)
    results.deliver(tree, metrics)
    console.print(scores_table(evaluation))
    reached = metrics["seconds_to_target"]
    if wish.target is not None:
        word = "never reached" if reached is None else f"reached after {reached:.0f} s"
        console.print(f"target {wish.target:g} on the validation images: {word}", highlight=False)
    for what, path in (
        ("model", tree.model),
        ("card", tree.model / "MODEL_CARD.md"),
        ("metrics", tree.metrics),
    ):
        console.print(f"  {what:8} {escape(str(path))}", highlight=False, soft_wrap=True)
    count = "1 epoch" if evaluation.epochs == 1 else f"{evaluation.epochs} epochs"
    done(f"{count} in {evaluation.seconds:.0f} s on {evaluation.device}")


def scores_table(evaluation: Evaluation) -> Table:
    table = Table("", evaluation.metric, "95 % interval", box=None, header_style="bold")
    for name, scores in (
        ("this model", evaluation.challenger),
        (evaluation.baseline_name, evaluation.baseline),
    ):
        likely = results.interval_of(scores, evaluation.test_patients)
        table.add_row(escape(name), f"{scores.value:.4f}", f"{likely.low:.4f} to {likely.high:.4f}")
    return table


def show_data(prepared: Prepared, tree: Tree) -> None:
    sides = ", ".join(f"{count} {side}" for side, count in prepared.items.items())
    kind = "volumes" if prepared.spatial_dims == 3 else "pictures"
    names = shorten(", ".join(prepared.classes), LINE, placeholder=" …")
    what = escape(f"{prepared.task} of {kind} ({names}): {sides}")
    console.print(what, highlight=False, soft_wrap=True)
    for note in prepared.notes:
        console.print(escape(note), highlight=False, soft_wrap=True)
    if prepared.left_out:
        # A frozen version tells how many, and its own exclusions.jsonl which.
        where = f"; {tree.left_out} names them" if tree.left_out.stat().st_size else ""
        text = f"left out: {summary(prepared.left_out)}{where}"
        console.print(escape(text), highlight=False, soft_wrap=True)


def bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)


class Steps:
    """A bar for each step of the preparation."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def __call__(self, what: str, count: int, total: int) -> None:
        if what not in self._bars:
            self._bars[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._bars[what], completed=count)


@contextmanager
def epochs(recipe: Recipe) -> Iterator[Callable[[str], None]]:
    """What shows the container's lines: a bar of epochs where somebody watches, else the lines themselves."""
    if not console.is_terminal:
        yield lambda line: print(line, flush=True)
        return
    with bars_of_epochs() as progress:
        bar = progress.add_task("epochs", total=recipe.epochs, told="preprocessing")

        def show(line: str) -> None:
            if METRICS_LINE.fullmatch(line):
                row = dict(pair.split("=", 1) for pair in line.split())
                told = f"validation {row['validation_score']}, loss {row['validation_loss']}"
                progress.update(bar, completed=int(row["epoch"]), told=told)
            else:
                progress.console.print(escape(line), style="dim", highlight=False, soft_wrap=True)

        yield show


def bars_of_epochs() -> Progress:
    told = TextColumn("{task.fields[told]}")
    columns = (TextColumn("epochs"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), told)
    return Progress(*columns, console=console)


def parse_overrides(texts: list[str]) -> dict[str, Any]:
    """`key=value` with YAML values; ends the command where one is not."""
    found: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        try:
            found[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            sign = ""
        if not sign or not name.strip():
            stop(f"--override {escape(text)} is no key=value", "for example --override epochs=12")
    return found


def project_name(text: str | None) -> str | None:
    """Ends the command where it is no name that a project may have."""
    if text is None:
        return None
    try:
        return TypeAdapter(ProjectName).validate_python(text)
    except ValidationError:
        stop(
            f"{escape(text)} is no name of a project",
            "lower-case letters, digits and hyphens, 1 to 32 of them",
        )
