"""The side of the split that each patient is on, written down when a dataset version first needs it."""

from collections.abc import Mapping
from datetime import datetime

from events.dataset import Split
from medloop.catalogue.secret import Connection

SETTLE = """
INSERT INTO sides (project, patient_group, side, settled_at)
VALUES (%(project)s, %(group)s, %(side)s, %(at)s)
ON CONFLICT (project, patient_group) DO NOTHING"""

OF_PROJECT = "SELECT patient_group, side FROM sides WHERE project = %(project)s"


def settle_sides(conn: Connection, project: str, sides: Mapping[str, Split], at: datetime) -> None:
    """Write down group → side; a group that has one keeps it. At most a thousand a transaction."""
    with conn.cursor() as cursor:
        cursor.executemany(
            SETTLE,
            [{"project": project, "group": group, "side": side, "at": at} for group, side in sides.items()],
        )


def sides_of(conn: Connection, project: str) -> dict[str, Split]:
    """Group → side of every patient that any dataset version holds."""
    return dict(conn.execute(OF_PROJECT, {"project": project}).fetchall())
