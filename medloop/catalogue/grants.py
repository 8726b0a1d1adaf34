"""Which projects a person may work in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from medloop.catalogue.rows import changed, many
from medloop.catalogue.secret import Connection


@dataclass(frozen=True)
class Grant:
    person: str
    """The user's name at sign-in."""
    project: str
    granted_by: str
    granted_at: datetime


GRANT = """
INSERT INTO grants (person, project, granted_by, granted_at)
VALUES (%(person)s, %(project)s, %(by)s, %(at)s)
ON CONFLICT (person, project) DO NOTHING"""

REVOKE = "DELETE FROM grants WHERE person = %(person)s AND project = %(project)s"

REVOKE_ALL = "DELETE FROM grants WHERE person = %(person)s"

OF = "SELECT project FROM grants WHERE person = %(person)s ORDER BY project"

LIST = """
SELECT * FROM grants WHERE person = ANY(%(people)s) OR %(everyone)s
ORDER BY person, project"""


def grant(conn: Connection, person: str, project: str, by: str, at: datetime) -> bool:
    """False when the person may work there already."""
    return changed(conn, GRANT, {"person": person, "project": project, "by": by, "at": at}) == 1


def revoke(conn: Connection, person: str, project: str) -> bool:
    """False when there was nothing to take away."""
    return changed(conn, REVOKE, {"person": person, "project": project}) == 1


def revoke_all(conn: Connection, person: str) -> int:
    """Everything the person was granted: who comes later under the same name starts with nothing."""
    return changed(conn, REVOKE_ALL, {"person": person})


def projects_of(conn: Connection, person: str) -> frozenset[str]:
    return frozenset(project for (project,) in conn.execute(OF, {"person": person}).fetchall())


def list_grants(conn: Connection, people: Collection[str] | None = None) -> list[Grant]:
    """By person and project; of everybody where no people are named."""
    return many(conn, Grant, LIST, {"people": list(people or ()), "everyone": people is None})
