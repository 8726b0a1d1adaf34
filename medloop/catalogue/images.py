"""Accepted images: what can be trained on and predicted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from medloop.catalogue.rows import changed, counts, many, number, one
from medloop.catalogue.secret import Connection
from medloop.rules.candidates import Candidate

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
    """The earliest image of the same project, purpose, label and pixels; set by `accept_upload`.

    Of two that are accepted at once neither knows of the other: freezing compares the arrays again."""
    source_path: str | None = None
    """Below its purpose's folder, as uploaded: user text that may name a patient; labels find it by this."""
    dims: int | None = None
    """2 for a picture, 3 for a volume; None for images from before volumes were known, which are pictures."""
    geometry: str | None = None
    """JSON text of what a mask of it must agree with (medloop.rules.labels.geometry_text)."""
    array_bytes: int | None = None
    fingerprint: str | None = None
    """Of what the picture shows (medloop.imaging.fingerprint); None where there was nothing to compare."""
    clean_path: str | None = None
    """The de-identified file in the curated bucket."""
    series: str | None = None
    """The series that this is a slice or a volume of."""
    frames: str | None = None
    """JSON text: where each frame lies; a slice of a series has it, a volume has not."""
    sop: str | None = None
    """Pseudonymous SOP instance UID."""
    superseded_by: int | None = None
    """The version of its series that this volume is no longer part of."""


ADD = """
INSERT INTO images (id, project, purpose, label, patient_group, content_sha256, array_path, array_sha256,
                    duplicate_of, facts, accepted_at, source_path, dims, geometry, array_bytes,
                    fingerprint, clean_path, series, frames, sop, superseded_by)
SELECT %(id)s, %(project)s, %(purpose)s, %(label)s, %(patient_group)s, %(content_sha256)s, %(array_path)s,
       %(array_sha256)s, (
           SELECT o.id FROM images o
           WHERE o.project = %(project)s AND o.array_sha256 = %(array_sha256)s
             AND o.purpose = %(purpose)s AND o.label IS NOT DISTINCT FROM %(label)s AND o.id <> %(id)s
           ORDER BY o.accepted_at, o.id LIMIT 1),
       %(facts)s, %(accepted_at)s::timestamptz, %(source_path)s, %(dims)s::integer, %(geometry)s,
       %(array_bytes)s::bigint, %(fingerprint)s, %(clean_path)s, %(series)s, %(frames)s, %(sop)s,
       %(superseded_by)s::bigint
ON CONFLICT (id) DO NOTHING"""

GET = "SELECT * FROM images WHERE id = %(id)s"

ARRAY_OF_SOP = """
SELECT array_sha256 FROM images WHERE project = %(project)s AND sop = %(sop)s AND id <> %(id)s
ORDER BY accepted_at, id LIMIT 1"""

CANDIDATES = """
SELECT id, purpose, label, patient_group, content_sha256, array_path, array_sha256, facts, accepted_at,
       array_bytes, geometry, source_path, dims, fingerprint,
       frames IS NOT NULL AND series IS NOT NULL AS is_slice, superseded_by IS NOT NULL AS is_superseded
FROM images
WHERE project = %(project)s AND purpose IN ('labelled', 'images')
ORDER BY id"""

# A line of a CSV counts when it comes, and again when the image comes that it named by this very path.
COUNT_LABELS = """
SELECT (SELECT count(*) FROM images
        WHERE project = %(project)s AND purpose = 'labelled' AND duplicate_of IS NULL
          AND superseded_by IS NULL AND (frames IS NULL OR series IS NULL) AND accepted_at > %(at)s)
     + (SELECT count(*) FROM labels l JOIN uploads u ON u.id = l.source
        WHERE l.project = %(project)s AND l.kind = 'class' AND u.state = 'accepted'
          AND l.recorded_at > %(at)s)
     + (SELECT count(DISTINCT i.id) FROM images i
        JOIN labels l ON l.project = i.project AND l.kind = 'class' AND l.target = i.source_path
        WHERE i.project = %(project)s AND i.purpose = 'images' AND i.accepted_at > %(at)s
          AND l.recorded_at <= %(at)s)"""

# Of a series its volumes are asked about, not its slices.
WITHOUT_PREDICTION = """
SELECT * FROM images i
WHERE i.project = %(project)s AND i.purpose = 'predict' AND (i.series IS NULL OR i.frames IS NULL)
  AND i.superseded_by IS NULL AND NOT EXISTS (
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


def array_of_sop(conn: Connection, project: str, sop: str, but: str) -> str | None:
    """The array's hash of the earliest other image with this SOP instance UID."""
    found = conn.execute(ARRAY_OF_SOP, {"project": project, "sop": sop, "id": but}).fetchone()
    return None if found is None else str(found[0])


def training_candidates(conn: Connection, project: str) -> list[Candidate]:
    """Everything that was ever fit to be trained on, by id; whether it has a label is for others to say."""
    return many(conn, Candidate, CANDIDATES, {"project": project})


def count_labels_since(conn: Connection, project: str, at: datetime) -> int:
    """Labels that came after that moment: labelled images without their copies, and lines of CSVs."""
    return number(conn, COUNT_LABELS, {"project": project, "at": at})


def predict_images_without_prediction(
    conn: Connection, project: str, model_version: int, limit: int = 1000
) -> list[Image]:
    """Images under predict/ that this version was never asked about, by id; of a series, its volumes."""
    values = {"project": project, "model_version": model_version, "limit": limit}
    return many(conn, Image, WITHOUT_PREDICTION, values)


def image_counts(conn: Connection, project: str | None = None) -> dict[str, int]:
    """How many images serve each purpose, of one project or of all."""
    return counts(conn, COUNTS, {"project": project})
