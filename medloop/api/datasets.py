"""Dataset versions."""

import json
from datetime import datetime

from aws_lambda_powertools.event_handler.api_gateway import Router

from medloop.api.pages import DEFAULT, Cursor, Limit, Page, page_of, position_of
from medloop.api.paths import ProjectPath
from medloop.api.resource import Resource
from medloop.catalogue import datasets
from medloop.catalogue.pages import Position, page_of_datasets
from medloop.platform import catalogue

router = Router()


class Dataset(Resource):
    id: str
    """SHA-256 of its samples: the same samples are the same version."""
    samples: int
    counts: dict[str, dict[str, int]]
    """Images per side and class."""
    excluded: int | None
    """Images left out."""
    bytes: int | None
    """Of its shards."""
    created_at: datetime


@router.get(
    "/projects/<project>/datasets", operation_id="list_datasets", summary="Frozen versions, newest first"
)
def list_datasets(project: ProjectPath, limit: Limit = DEFAULT, cursor: Cursor = "") -> Page[Dataset]:
    after = position_of(cursor)
    rows = catalogue().read(lambda conn: page_of_datasets(conn, project, after, limit))
    return page_of(rows, limit, lambda row: Position(row.created_at, row.id), dataset_of)


def dataset_of(row: datasets.Dataset) -> Dataset:
    return Dataset(
        id=row.id,
        samples=row.samples,
        counts=json.loads(row.counts),
        excluded=row.excluded,
        bytes=row.bytes,
        created_at=row.created_at,
    )
