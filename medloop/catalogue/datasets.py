"""Dataset versions: frozen lists of samples, named by their content."""

from dataclasses import dataclass
from datetime import datetime

from medloop.catalogue.rows import changed
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


def add_dataset(conn: Connection, row: Dataset) -> bool:
    """Store it once; False when it is there already."""
    return changed(conn, ADD, vars(row)) == 1
