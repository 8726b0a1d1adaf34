"""Dataset versions: frozen lists of samples, named by their content."""

from dataclasses import dataclass
from datetime import datetime

from medloop.catalogue.rows import changed, many, one
from medloop.catalogue.secret import Connection


@dataclass(frozen=True)
class Dataset:
    id: str
    """SHA-256 of the samples: the same samples are the same dataset."""
    project: str
    samples: int
    counts: str
    """JSON text: samples per split and class."""
    created_at: datetime


ADD = """
INSERT INTO datasets (id, project, samples, counts, created_at)
VALUES (%(id)s, %(project)s, %(samples)s, %(counts)s, %(created_at)s)
ON CONFLICT (id) DO NOTHING"""

GET = "SELECT * FROM datasets WHERE id = %(id)s"

LIST = """
SELECT * FROM datasets WHERE %(project)s::text IS NULL OR project = %(project)s
ORDER BY created_at DESC, id LIMIT %(limit)s"""


def add_dataset(conn: Connection, row: Dataset) -> bool:
    """Store it once; False when it is there already."""
    return changed(conn, ADD, vars(row)) == 1


def get_dataset(conn: Connection, dataset_id: str) -> Dataset | None:
    return one(conn, Dataset, GET, {"id": dataset_id})


def list_datasets(conn: Connection, project: str | None = None, limit: int = 100) -> list[Dataset]:
    """Latest first."""
    return many(conn, Dataset, LIST, {"project": project, "limit": limit})
