"""Dataset versions: frozen lists of samples, named by their content."""

from dataclasses import dataclass
from datetime import datetime

from medloop.catalogue.rows import changed, many
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
    excluded: int | None = None
    """Images left out; None for versions from before that was counted, which have no shards either."""
    bytes: int | None = None
    """Of its shards."""


ADD = """
INSERT INTO datasets (id, project, samples, counts, created_at, excluded, bytes)
VALUES (%(id)s, %(project)s, %(samples)s, %(counts)s, %(created_at)s, %(excluded)s, %(bytes)s)
ON CONFLICT (id) DO NOTHING"""

LIST = """
SELECT * FROM datasets WHERE %(project)s::text IS NULL OR project = %(project)s
ORDER BY created_at DESC, id LIMIT %(limit)s"""

NAMED = "SELECT * FROM datasets WHERE starts_with(id, %(start)s) ORDER BY id LIMIT 2"


def add_dataset(conn: Connection, row: Dataset) -> bool:
    """Store it once; False when it is there already."""
    return changed(conn, ADD, vars(row)) == 1


def list_datasets(conn: Connection, project: str | None = None, limit: int = 100) -> list[Dataset]:
    """Latest first."""
    return many(conn, Dataset, LIST, {"project": project, "limit": limit})


def datasets_named(conn: Connection, start: str) -> list[Dataset]:
    """Those whose id begins like this; two where it is not enough to tell them apart."""
    return many(conn, Dataset, NAMED, {"start": start})
