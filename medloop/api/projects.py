"""Projects, and where everything in one stands."""

from typing import Annotated, Literal

import yaml
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import JsonValue

from medloop.api.existing import existing_project
from medloop.api.jobs import Job, job_of
from medloop.api.models import Model, model_of
from medloop.api.pages import DEFAULT, Cursor, Limit, Page, page_of_all
from medloop.api.paths import ProjectPath
from medloop.api.problems import FieldProblem, not_found, unusable
from medloop.api.resource import Resource, caller
from medloop.aws import objects
from medloop.catalogue.grants import grant
from medloop.catalogue.images import image_counts
from medloop.catalogue.pages import label_balance
from medloop.catalogue.projects import create_project
from medloop.catalogue.projects import list_projects as all_projects
from medloop.catalogue.projects import put_project as store_project
from medloop.catalogue.secret import Connection
from medloop.catalogue.summary import summarise
from medloop.catalogue.uploads import Selection, count_quarantined
from medloop.platform import catalogue, now
from medloop.rules.access import Caller, Role
from medloop.rules.project import InvalidProject, Project, parse_project
from medloop.settings import settings

router = Router()


class Me(Resource):
    name: str
    role: Role | None
    projects: list[str] | None
    """Null: all of them."""


class ProjectSummary(Resource):
    name: str
    task: Literal["classification", "multilabel", "segmentation"]
    spatial_dims: Literal[2, 3]
    classes: list[str]
    recipe: str


class ProjectDetails(ProjectSummary):
    definition: dict[str, JsonValue]
    """project.yaml, with every default spelt out."""


class Overview(Resource):
    uploads: dict[str, int]
    """By state."""
    reasons: dict[str, int]
    """What is quarantined, by reason."""
    images: dict[str, int]
    """By purpose."""
    balance: dict[str, int]
    """Labelled images by class folder, copies left out."""
    jobs: dict[str, int]
    models: dict[str, int]
    predictions: dict[str, int]
    champion: Model | None
    active_jobs: list[Job]


@router.get("/me", operation_id="get_me", summary="Who you are, and what you may see")
def get_me() -> Me:
    me = caller(router)
    return Me(name=me.name, role=me.role, projects=None if me.role == "admin" else sorted(me.projects))


@router.get("/projects", operation_id="list_projects", summary="The projects you may see")
def list_projects(limit: Limit = DEFAULT, cursor: Cursor = "") -> Page[ProjectSummary]:
    me = caller(router)
    seen = [project for project in catalogue().read(all_projects) if me.may_see(project.project)]
    return page_of_all(
        seen, limit, cursor, lambda row: row.project, lambda row: ProjectSummary.model_validate(summary(row))
    )


@router.get("/projects/<project>", operation_id="get_project", summary="A project's whole definition")
def get_project(project: ProjectPath) -> ProjectDetails:
    found = existing_project(project)
    return ProjectDetails(**summary(found), definition=found.model_dump(mode="json"))


@router.put(
    "/projects/<project>",
    operation_id="put_project",
    summary="Create or change a project",
    description="The fields of project.yaml, which is kept in the uploads bucket as well.",
)
def put_project(project: ProjectPath, definition: Annotated[dict[str, JsonValue], Body()]) -> ProjectDetails:
    text = yaml.safe_dump(definition, allow_unicode=True)
    wanted = parsed(text, project)
    me = caller(router)
    if not catalogue().run(lambda conn: is_put(conn, wanted, me)):
        raise not_found("project")
    objects.write(settings().uploads_bucket, f"{project}/project.yaml", text.encode(), "application/yaml")
    return ProjectDetails(**summary(wanted), definition=wanted.model_dump(mode="json"))


def parsed(text: str, project: str) -> Project:
    """Raises Problem: 422."""
    try:
        return parse_project(text, project)
    except InvalidProject as error:
        raise unusable(
            "invalid-project",
            "The definition has a field that cannot be used.",
            "Correct it; docs/projects.md lists every field.",
            FieldProblem(field="body", problem=str(error)),
        ) from None


def is_put(conn: Connection, wanted: Project, me: Caller) -> bool:
    """Of two that create one name at a time, the second finds it taken, and no more than that."""
    name, instant = wanted.project, now()
    if me.may_see(name):
        store_project(conn, wanted, instant)
        return True
    is_mine = create_project(conn, wanted, instant)
    if is_mine:
        grant(conn, me.name, name, me.name, instant)
    return is_mine


@router.get("/projects/<project>/overview", operation_id="get_overview", summary="Where everything stands")
def get_overview(project: ProjectPath) -> Overview:
    task = existing_project(project).task
    sums, reasons, images, balance = catalogue().read(
        lambda conn: (
            summarise(conn, project, last=1),
            count_quarantined(conn, Selection(project)),
            image_counts(conn, project),
            label_balance(conn, project),
        )
    )
    return Overview(
        uploads=sums.uploads,
        reasons=reasons,
        images=images,
        balance=balance,
        jobs=sums.jobs,
        models=sums.models,
        predictions=sums.predictions,
        champion=model_of(sums.champions[0], task) if sums.champions else None,
        active_jobs=[job_of(job) for job in sums.active_jobs],
    )


def summary(project: Project) -> dict[str, object]:
    return {
        "name": project.project,
        "task": project.task,
        "spatial_dims": project.spatial_dims,
        "classes": list(project.classes),
        "recipe": project.training.recipe,
    }
