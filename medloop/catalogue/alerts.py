"""Alarms and alerts that were passed on to people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medloop.catalogue.rows import changed, many
from medloop.catalogue.secret import Connection

AlertState = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]


@dataclass(frozen=True)
class Alert:
    id: str
    """Equal for repeats of one notice."""
    name: str
    severity: str
    summary: str
    project: str | None
    state: AlertState
    raised_at: datetime


RECORD = """
INSERT INTO alerts (id, name, severity, summary, project, state, raised_at)
VALUES (%(id)s, %(name)s, %(severity)s, %(summary)s, %(project)s, %(state)s, %(raised_at)s)
ON CONFLICT (id) DO NOTHING"""

LIST = """
SELECT * FROM alerts WHERE %(project)s::text IS NULL OR project = %(project)s
ORDER BY raised_at DESC, id LIMIT %(limit)s"""


def record_alert(conn: Connection, row: Alert) -> bool:
    """Store it once; False for a repeat, which needs no second message to a person."""
    return changed(conn, RECORD, vars(row)) == 1


def list_alerts(conn: Connection, project: str | None = None, limit: int = 100) -> list[Alert]:
    """Latest first."""
    return many(conn, Alert, LIST, {"project": project, "limit": limit})
