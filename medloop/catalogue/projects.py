"""Projects as their owners last defined them."""

from datetime import datetime

from medloop.catalogue.errors import UnknownProject
from medloop.catalogue.rows import changed
from medloop.catalogue.secret import Connection
from medloop.rules.project import Project

PUT = """
INSERT INTO projects (name, definition, revision, updated_at)
VALUES (%(name)s, %(definition)s, 1, %(at)s)
ON CONFLICT (name) DO UPDATE
SET definition = excluded.definition, revision = projects.revision + 1, updated_at = excluded.updated_at
WHERE projects.updated_at <= excluded.updated_at"""

CREATE = """
INSERT INTO projects (name, definition, revision, updated_at)
VALUES (%(name)s, %(definition)s, 1, %(at)s)
ON CONFLICT (name) DO NOTHING"""

GET = "SELECT definition FROM projects WHERE name = %(name)s"

LIST = "SELECT definition FROM projects ORDER BY name"

CLAIM = "UPDATE projects SET revision = revision + 1 WHERE name = %(name)s"


def put_project(conn: Connection, project: Project, at: datetime) -> bool:
    """Create or replace. False when a definition of a later time is already stored."""
    values = {"name": project.project, "definition": project.model_dump_json(), "at": at}
    return changed(conn, PUT, values) == 1


def create_project(conn: Connection, project: Project, at: datetime) -> bool:
    """False when there is one of this name, whoever made it."""
    values = {"name": project.project, "definition": project.model_dump_json(), "at": at}
    return changed(conn, CREATE, values) == 1


def get_project(conn: Connection, name: str) -> Project | None:
    row = conn.execute(GET, {"name": name}).fetchone()
    return None if row is None else Project.model_validate_json(row[0])


def list_projects(conn: Connection) -> list[Project]:
    return [Project.model_validate_json(definition) for (definition,) in conn.execute(LIST).fetchall()]


def claim_project(conn: Connection, name: str) -> None:
    """Make this transaction the only one that decides for the project.

    Under snapshot isolation two transactions that write different rows do not notice each other, so
    decisions over several rows (who is champion, which version is next) also write this one.

    Raises:
        UnknownProject: there is no such project.
    """
    if changed(conn, CLAIM, {"name": name}) == 0:
        raise UnknownProject(name)
