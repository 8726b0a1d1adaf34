"""The files that predictions are given back as."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from medloop.catalogue.predictions import Prediction
from medloop.catalogue.rows import changed, many
from medloop.catalogue.secret import Connection


@dataclass(frozen=True)
class ResultRow:
    prediction: str
    kind: str
    path: str
    """In the predictions bucket."""
    media_type: str
    bytes: int
    sha256: str


ADD = """
INSERT INTO results (prediction, kind, path, media_type, bytes, sha256)
VALUES (%(prediction)s, %(kind)s, %(path)s, %(media_type)s, %(bytes)s, %(sha256)s)
ON CONFLICT (prediction, kind) DO UPDATE
SET path = EXCLUDED.path, media_type = EXCLUDED.media_type, bytes = EXCLUDED.bytes,
    sha256 = EXCLUDED.sha256"""

NOTE = "UPDATE predictions SET written_at = %(at)s, warnings = %(warnings)s WHERE id = %(id)s"

OF = "SELECT * FROM results WHERE prediction = %(id)s ORDER BY kind"

UNWRITTEN = """
SELECT * FROM predictions
WHERE state = 'done' AND written_at IS NULL AND finished_at < %(before)s AND finished_at > %(after)s
ORDER BY finished_at, id LIMIT %(limit)s"""


def note_results(
    conn: Connection, prediction: str, rows: Sequence[ResultRow], warnings: str, at: datetime
) -> None:
    """All of them are written. `warnings`: JSON text, a list."""
    for row in rows:
        changed(conn, ADD, vars(row))
    values: dict[str, Any] = {"id": prediction, "warnings": warnings, "at": at}
    changed(conn, NOTE, values)


def results_of(conn: Connection, prediction: str) -> list[ResultRow]:
    return many(conn, ResultRow, OF, {"id": prediction})


def unwritten_predictions(
    conn: Connection, after: datetime, before: datetime, limit: int = 1000
) -> list[Prediction]:
    """Answered between the two, and not yet given back."""
    return many(conn, Prediction, UNWRITTEN, {"after": after, "before": before, "limit": limit})
