"""`medloop project`: create and look at projects."""

from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.markup import escape
from rich.table import Table

from medloop.aws import objects
from medloop.catalogue.projects import get_project, list_projects
from medloop.cli.target import connect, console, done, stop
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue
from medloop.rules.project import InvalidProject, Project, parse_project
from medloop.rules.training_plan import start_key
from medloop.workbench.failures import Unusable
from medloop.workbench.start import start_name, weights_in

app = typer.Typer(help="Create and look at projects.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, hyphens.")],
    classes: Annotated[str, typer.Option(help="Comma-separated labels, such as normal,pneumonia.")] = "",
    file: Annotated[Path | None, typer.Option(help="A project.yaml, for everything beyond classes.")] = None,
) -> None:
    """Create or change a project by uploading its project.yaml.

    [dim]medloop project create chest --classes normal,pneumonia[/]
    """
    text = project_text(classes, file)
    try:
        project = parse_project(text, name)
    except InvalidProject as error:
        stop(str(error), "correct it and try again; docs/projects.md lists every field")
    uploads = connect().uploads_bucket
    objects.write(uploads, f"{name}/project.yaml", text.encode(), "application/yaml")
    wait_for(f"project {name}", lambda: stored(name) == project)
    done(f"project {name}: {', '.join(project.classes)}")


def project_text(classes: str, file: Path | None) -> str:
    if file is not None:
        return file.read_text()
    named = [label.strip() for label in classes.split(",") if label.strip()]
    if not named:
        stop("a project needs its classes", "give --classes normal,pneumonia or --file project.yaml")
    return yaml.safe_dump({"classes": named})


@app.command()
def weights(
    name: str,
    path: Annotated[
        Path,
        typer.Argument(
            exists=True, help="A .safetensors or .pt file, or a model's or MONAI bundle's folder."
        ),
    ],
) -> None:
    """Store weights that a project's trainings may start from, and say what to write into project.yaml.

    Only tensors are ever read of the file, and those that fit the recipe's network are taken over.

    [dim]medloop project weights chest ./bundle[/]
    """
    models = connect().models_bucket
    if stored(name) is None:
        stop(f"no project {name}", "`medloop project list` shows which there are")
    try:
        file = weights_in(path)
    except Unusable as error:
        stop(escape(error.problem), error.remedy)
    start = start_name(file)
    objects.write(models, start_key(name, start), file.read_bytes())
    done("stored; write into project.yaml, below training:")
    console.print(f"    start: {start}", highlight=False, soft_wrap=True)


def stored(name: str) -> Project | None:
    return catalogue().read(lambda conn: get_project(conn, name))


@app.command("list")
def list_all() -> None:
    """Every project with its classes."""
    connect()
    table = Table("project", "task", "classes", "recipe", box=None, header_style="bold")
    for project in catalogue().read(list_projects):
        table.add_row(project.project, project.task, ", ".join(project.classes), project.training.recipe)
    console.print(table)


@app.command()
def show(name: str) -> None:
    """A project's whole definition, as project.yaml."""
    connect()
    project = stored(name)
    if project is None:
        stop(f"no project {name}", "`medloop project list` shows which there are")
    console.print(yaml.safe_dump(project.model_dump(mode="json"), sort_keys=False))
