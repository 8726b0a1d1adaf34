"""A dataset version is frozen: decided from one look at the catalogue, packed into shards, written down."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from events.dataset import DatasetContents, Shard, Split
from medloop.aws.datasets import read_contents, write_version
from medloop.aws.shards import find_shard, store_shard
from medloop.catalogue.connection import Catalogue
from medloop.catalogue.datasets import Dataset as DatasetRow
from medloop.catalogue.datasets import add_dataset
from medloop.catalogue.images import training_candidates
from medloop.catalogue.labels import labels_of
from medloop.catalogue.secret import Connection
from medloop.catalogue.sides import settle_sides, sides_of
from medloop.rules.candidates import Candidate
from medloop.rules.datasets import Dataset, freeze
from medloop.rules.labels import Label
from medloop.rules.project import Project
from medloop.rules.shards import Extent, Plan, plan_shards

PAGE = 1000
"""Rows a transaction; DSQL takes 3000."""

Progress = Callable[[int, int], None]
"""Called with (samples packed, samples in all)."""


@dataclass(frozen=True)
class Frozen:
    dataset: Dataset
    contents: DatasetContents
    is_new: bool
    """False where this very version had been frozen before."""


@dataclass(frozen=True)
class Known:
    """One look at the catalogue."""

    images: list[Candidate]
    labels: list[Label]
    sides: dict[str, Split]


def freeze_dataset(
    project: Project,
    catalogue: Catalogue,
    bucket: str,
    at: datetime,
    progress: Progress = lambda done, total: None,
) -> Frozen:
    """Freeze what the catalogue knows now; repeatable after an interruption, and nothing is packed twice.

    Raises:
        NotTrainable: no model could be trained and judged on what there is.
        ArrayChanged, ObjectGone: the curated bucket does not hold what the catalogue says.
    """
    dataset, known = settled_version(project, catalogue, at)
    contents = read_contents(bucket, project.project, dataset.id)
    is_new = contents is None
    if contents is None:
        extents = {one.id: Extent(one.size, one.accepted_at.timestamp()) for one in known.images}
        contents = store(project, dataset, extents, bucket, progress)
    row = row_of(contents, at)
    catalogue.run(lambda conn: add_dataset(conn, row))
    return Frozen(dataset, contents, is_new)


def settled_version(project: Project, catalogue: Catalogue, at: datetime) -> tuple[Dataset, Known]:
    """A version whose patients are all on the sides that the catalogue remembers from now on."""
    while True:
        known = catalogue.read(lambda conn: look(conn, project.project))
        dataset = freeze(project, known.images, known.labels, known.sides)
        fresh = dict(dataset.sides.items() - known.sides.items())
        for page in pages(fresh):
            write_down(catalogue, project.project, page, at)
        # Another freeze, of other labels, may have been faster with some of them.
        if not fresh or remembered(catalogue, project.project).items() >= fresh.items():
            return dataset, known


def remembered(catalogue: Catalogue, project: str) -> dict[str, Split]:
    return catalogue.read(lambda conn: sides_of(conn, project))


def look(conn: Connection, project: str) -> Known:
    return Known(training_candidates(conn, project), labels_of(conn, project), sides_of(conn, project))


def pages(sides: Mapping[str, Split]) -> Iterator[dict[str, Split]]:
    remaining = iter(sorted(sides.items()))
    while page := dict(islice(remaining, PAGE)):
        yield page


def write_down(catalogue: Catalogue, project: str, sides: Mapping[str, Split], at: datetime) -> None:
    catalogue.run(lambda conn: settle_sides(conn, project, sides, at))


def store(
    project: Project, dataset: Dataset, extents: Mapping[str, Extent], bucket: str, progress: Progress
) -> DatasetContents:
    """Shards first, contents last: a version without contents is an interrupted one."""
    shards: list[Shard] = []
    for plan in plan_shards(dataset.samples, extents):
        shards.append(pack(plan, project.project, bucket))
        progress(sum(shard.samples for shard in shards), len(dataset.samples))
    contents = contents_of(project, dataset, shards)
    write_version(bucket, contents, dataset.manifest, dataset.exclusions)
    return contents


def pack(plan: Plan, project: str, bucket: str) -> Shard:
    """Versions share the shards that are the same in both."""
    path = f"datasets/{project}/shards/{plan.name}"
    stored = find_shard(bucket, path) or store_shard(bucket, path, plan.members)
    return Shard(path=path, sha256=stored.sha256, size=stored.size, samples=plan.samples, split=plan.split)


def contents_of(project: Project, dataset: Dataset, shards: list[Shard]) -> DatasetContents:
    return DatasetContents(
        project=project.project,
        dataset=dataset.id,
        spatial_dims=project.spatial_dims,
        samples=len(dataset.samples),
        groups=len(dataset.sides),
        balance=dataset.counts,
        excluded=dataset.excluded,
        unmatched_labels=dataset.unmatched_labels,
        sources=dataset.sources,
        shards=tuple(shards),
    )


def row_of(contents: DatasetContents, at: datetime) -> DatasetRow:
    return DatasetRow(
        id=contents.dataset,
        project=contents.project,
        samples=contents.samples,
        counts=json.dumps(contents.balance),
        created_at=at,
        excluded=sum(contents.excluded.values()),
        bytes=sum(shard.size for shard in contents.shards),
    )
