"""What champions were asked, and what they answered."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medloop.catalogue.errors import CatalogueError
from medloop.catalogue.rows import changed, counts, many, one
from medloop.catalogue.secret import Connection

PredictionState = Literal["requested", "done", "failed"]


@dataclass(frozen=True)
class Prediction:
    id: str
    """SageMaker's inference id."""
    project: str
    image: str
    model_version: int
    requested_at: datetime
    state: PredictionState = "requested"
    label: str | None = None
    confidence: float | None = None
    """0 to 1."""
    probabilities: str | None = None
    """JSON text: of every class."""
    output_path: str | None = None
    """In the predictions bucket."""
    reason: str | None = None
    finished_at: datetime | None = None
    volumes: str | None = None
    """JSON text: of every structure; None for other tasks."""
    warnings: str | None = None
    """JSON text, a list; known once the results are written."""
    written_at: datetime | None = None
    """When the last result was."""


REQUEST = """
INSERT INTO predictions (id, project, image, model_version, state, requested_at)
VALUES (%(id)s, %(project)s, %(image)s, %(model_version)s, 'requested', %(at)s)
ON CONFLICT (id) DO NOTHING"""

# An answer counts even after a failure was noted: SageMaker may repeat what it gave up before.
FINISH = """
UPDATE predictions
SET state = 'done', label = %(label)s, confidence = %(confidence)s, probabilities = %(probabilities)s,
    volumes = %(volumes)s, output_path = %(output_path)s, reason = NULL, finished_at = %(at)s
WHERE id = %(id)s AND state IN ('requested', 'failed')"""

FAIL = """
UPDATE predictions SET state = 'failed', reason = %(reason)s, finished_at = %(at)s
WHERE id = %(id)s AND state = 'requested'"""

GET = "SELECT * FROM predictions WHERE id = %(id)s"

LIST = """
SELECT * FROM predictions WHERE project = %(project)s
ORDER BY requested_at DESC, id LIMIT %(limit)s"""

NAMED = "SELECT * FROM predictions WHERE starts_with(id, %(start)s) ORDER BY id LIMIT 2"

OF_IMAGES = """
SELECT * FROM predictions p
WHERE p.image = ANY(%(images)s) AND NOT EXISTS (
    SELECT 1 FROM predictions n WHERE n.image = p.image AND n.model_version > p.model_version)"""

OVERDUE = """
SELECT * FROM predictions WHERE state = 'requested' AND requested_at < %(before)s
ORDER BY requested_at, id LIMIT %(limit)s"""

COUNTS = """
SELECT state, count(*) FROM predictions WHERE %(project)s::text IS NULL OR project = %(project)s
GROUP BY state"""


def request_prediction(
    conn: Connection, prediction_id: str, project: str, image: str, model_version: int, at: datetime
) -> Prediction:
    """The prediction of this id, created if it is new."""
    values = {"id": prediction_id, "project": project, "image": image, "model_version": model_version}
    changed(conn, REQUEST, {**values, "at": at})
    found = get_prediction(conn, prediction_id)
    if found is None:
        raise CatalogueError("a prediction vanished while it was created")
    return found


def finish_prediction(
    conn: Connection,
    prediction_id: str,
    label: str,
    confidence: float,
    probabilities: Mapping[str, float],
    output_path: str,
    at: datetime,
    volumes: Mapping[str, float] | None = None,
) -> bool:
    """Note the answer, once; False when there is one already or nobody asked."""
    values = {
        "id": prediction_id,
        "label": label,
        "confidence": confidence,
        "probabilities": json.dumps(dict(probabilities), sort_keys=True),
        "volumes": json.dumps(dict(volumes)) if volumes else None,
        "output_path": output_path,
        "at": at,
    }
    return changed(conn, FINISH, values) == 1


def fail_prediction(conn: Connection, prediction_id: str, reason: str, at: datetime) -> bool:
    """Note that no answer will come; False unless one is awaited."""
    return changed(conn, FAIL, {"id": prediction_id, "reason": reason, "at": at}) == 1


def get_prediction(conn: Connection, prediction_id: str) -> Prediction | None:
    return one(conn, Prediction, GET, {"id": prediction_id})


def list_predictions(conn: Connection, project: str, limit: int = 100) -> list[Prediction]:
    """Latest first."""
    return many(conn, Prediction, LIST, {"project": project, "limit": limit})


def predictions_named(conn: Connection, start: str) -> list[Prediction]:
    """Those whose id begins so, two at most: enough to know whether it is one."""
    return many(conn, Prediction, NAMED, {"start": start})


def predictions_of(conn: Connection, images: Iterable[str]) -> list[Prediction]:
    """Each image's prediction by the newest version that was asked about it."""
    return many(conn, Prediction, OF_IMAGES, {"images": list(images)})


def overdue_predictions(conn: Connection, before: datetime, limit: int = 1000) -> list[Prediction]:
    """Requested before then and still unanswered, oldest first."""
    return many(conn, Prediction, OVERDUE, {"before": before, "limit": limit})


def prediction_counts(conn: Connection, project: str | None = None) -> dict[str, int]:
    """How many predictions are in each state, of one project or of all."""
    return counts(conn, COUNTS, {"project": project})
