"""Who may work in which project, and who asked for what."""

from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query

from medloop.api.existing import existing_project
from medloop.api.pages import DEFAULT, Cursor, Limit, Page, page_of, page_of_all, position_of
from medloop.api.paths import PersonPath, ProjectPath
from medloop.api.problems import not_found
from medloop.api.resource import Resource, caller
from medloop.catalogue import grants
from medloop.catalogue.audit import AuditRow
from medloop.catalogue.pages import Position, page_of_audit
from medloop.platform import catalogue, now

router = Router()


class Grant(Resource):
    person: str
    project: str
    granted_by: str
    granted_at: datetime


class AuditEntry(Resource):
    at: datetime
    actor: str
    role: str
    operation: str
    project: str | None
    subject: str | None
    outcome: str
    """`allowed`, `refused`, or `hidden` where it was answered as if it did not exist."""
    request_id: str


@router.get("/grants", operation_id="list_grants", summary="Who may work in which project")
def list_grants(limit: Limit = DEFAULT, cursor: Cursor = "") -> Page[Grant]:
    rows = catalogue().read(grants.list_grants)
    return page_of_all(
        rows, limit, cursor, lambda row: f"{row.person} {row.project}", lambda row: Grant(**vars(row))
    )


@router.put("/grants/<person>/<project>", operation_id="put_grant", summary="Let a person work in a project")
def put_grant(person: PersonPath, project: ProjectPath) -> Grant:
    existing_project(project)
    by = caller(router).name
    catalogue().run(lambda conn: grants.grant(conn, person, project, by, now()))
    rows = catalogue().read(lambda conn: grants.list_grants(conn, [person]))
    return next(Grant(**vars(row)) for row in rows if row.project == project)


@router.delete(
    "/grants/<person>/<project>",
    operation_id="delete_grant",
    summary="End that; it counts from the next request on",
    status_code=204,
)
def delete_grant(person: PersonPath, project: ProjectPath) -> Response[str]:
    if not catalogue().run(lambda conn: grants.revoke(conn, person, project)):
        raise not_found("grant")
    return Response(204, body="")


@router.get("/audit", operation_id="list_audit", summary="Who asked for what, newest first")
def list_audit(
    project: Annotated[str | None, Query(max_length=32)] = None,
    actor: Annotated[str | None, Query(max_length=128)] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = "",
) -> Page[AuditEntry]:
    after = position_of(cursor)
    rows = catalogue().read(lambda conn: page_of_audit(conn, after, limit, project, actor))
    return page_of(rows, limit, lambda row: Position(row.at, row.hash), entry_of)


def entry_of(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        at=row.at,
        actor=row.actor,
        role=row.role,
        operation=row.operation,
        project=row.project,
        subject=row.subject,
        outcome=row.outcome,
        request_id=row.request,
    )
