"""Accepted images: what can be trained on and predicted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medloop.catalogue.rows import changed, counts, many, number, one
from medloop.catalogue.secret import Connection

Purpose = Literal["labelled", "images", "predict"]


@dataclass(frozen=True)
class Image:
    id: str
    """The upload's id."""
    project: str
    purpose: Purpose
    label: str | None
    patient_group: str
    """Pseudonymous patient, or the content hash where no patient is known."""
    content_sha256: str
    """Of the uploaded bytes: where an image's lineage begins."""
    array_path: str
    """In the curated bucket."""
    array_sha256: str
    """Equal for copies of one picture, whatever format each came in."""
    facts: str
    """JSON text: rows, columns, source format."""
    accepted_at: datetime
    duplicate_of: str | None = None
    """The earliest image of the same project, purpose, label and pixels; set by `accept_upload`."""


ADD = """
INSERT INTO images (id, project, purpose, label, patient_group, content_sha256, array_path, array_sha256,
                    duplicate_of, facts, accepted_at)
SELECT %(id)s, %(project)s, %(purpose)s, %(label)s, %(patient_group)s, %(content_sha256)s, %(array_path)s,
       %(array_sha256)s, (
           SELECT o.id FROM images o
           WHERE o.project = %(project)s AND o.array_sha256 = %(array_sha256)s
             AND o.purpose = %(purpose)s AND o.label IS NOT DISTINCT FROM %(label)s AND o.id <> %(id)s
           ORDER BY o.accepted_at, o.id LIMIT 1),
       %(facts)s, %(accepted_at)s::timestamptz
ON CONFLICT (id) DO NOTHING"""

GET = "SELECT * FROM images WHERE id = %(id)s"

# Two copies accepted at the same moment do not see each other: the smaller id then stands for both.
TRAINING = """
SELECT * FROM images i
WHERE i.project = %(project)s AND i.purpose = 'labelled' AND i.label IS NOT NULL AND i.duplicate_of IS NULL
  AND NOT EXISTS (
      SELECT 1 FROM images o
      WHERE o.project = i.project AND o.array_sha256 = i.array_sha256 AND o.purpose = 'labelled'
        AND o.label = i.label AND o.duplicate_of IS NULL AND o.id < i.id)
ORDER BY i.id"""

COUNT_LABELS = """
SELECT count(*) FROM images
WHERE project = %(project)s AND purpose = 'labelled' AND duplicate_of IS NULL AND accepted_at > %(at)s"""

WITHOUT_PREDICTION = """
SELECT * FROM images i
WHERE i.project = %(project)s AND i.purpose = 'predict' AND NOT EXISTS (
    SELECT 1 FROM predictions p WHERE p.image = i.id AND p.model_version = %(model_version)s)
ORDER BY i.id LIMIT %(limit)s"""

COUNTS = """
SELECT purpose, count(*) FROM images WHERE %(project)s::text IS NULL OR project = %(project)s
GROUP BY purpose"""


def add_image(conn: Connection, image: Image) -> bool:
    """Store it once, as a duplicate of its earliest copy if there is one."""
    return changed(conn, ADD, vars(image)) == 1


def get_image(conn: Connection, image_id: str) -> Image | None:
    return one(conn, Image, GET, {"id": image_id})


def training_samples(conn: Connection, project: str) -> list[Image]:
    """Labelled images without their copies, sorted by id."""
    return many(conn, Image, TRAINING, {"project": project})


def count_labels_since(conn: Connection, project: str, at: datetime) -> int:
    """Labelled images accepted after that moment, copies not counted."""
    return number(conn, COUNT_LABELS, {"project": project, "at": at})


def predict_images_without_prediction(
    conn: Connection, project: str, model_version: int, limit: int = 1000
) -> list[Image]:
    """Images under predict/ that this version was never asked about, by id."""
    values = {"project": project, "model_version": model_version, "limit": limit}
    return many(conn, Image, WITHOUT_PREDICTION, values)


def image_counts(conn: Connection, project: str | None = None) -> dict[str, int]:
    """How many images serve each purpose, of one project or of all."""
    return counts(conn, COUNTS, {"project": project})
