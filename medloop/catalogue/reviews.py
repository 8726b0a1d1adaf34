"""What readers said of predictions: agreement, or the label they propose instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medloop.catalogue.rows import changed, many
from medloop.catalogue.secret import Connection

Verdict = Literal["agree", "disagree"]


@dataclass(frozen=True)
class Review:
    prediction: str
    reader: str
    verdict: Verdict
    label: str | None
    """The proposed one, of who disagrees and knows better."""
    reviewed_at: datetime


PUT = """
INSERT INTO reviews (prediction, reader, verdict, label, reviewed_at)
VALUES (%(prediction)s, %(reader)s, %(verdict)s, %(label)s, %(reviewed_at)s)
ON CONFLICT (prediction, reader) DO UPDATE
SET verdict = EXCLUDED.verdict, label = EXCLUDED.label, reviewed_at = EXCLUDED.reviewed_at"""

OF = "SELECT * FROM reviews WHERE prediction = ANY(%(predictions)s) ORDER BY reviewed_at, reader"


def put_review(conn: Connection, row: Review) -> None:
    """A reader's last word on a prediction."""
    changed(conn, PUT, vars(row))


def reviews_of(conn: Connection, predictions: Iterable[str]) -> dict[str, list[Review]]:
    """Each prediction's, oldest first."""
    found: dict[str, list[Review]] = {}
    for row in many(conn, Review, OF, {"predictions": list(predictions)}):
        found.setdefault(row.prediction, []).append(row)
    return found
