"""The tables and indexes, and how a database comes to have them.

Only what PostgreSQL and Aurora DSQL both accept. Every statement stands in a transaction of its own, as DSQL
demands, and may meet another process that applies the same one.
"""

import random
import time
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from medloop.catalogue.secret import Connection, Dialect

ATTEMPTS = 10


@dataclass(frozen=True)
class Table:
    key: tuple[str, ...]
    create: str


CREATE_PROJECTS = """
CREATE TABLE IF NOT EXISTS projects (
    name text PRIMARY KEY,
    definition text NOT NULL,
    revision bigint NOT NULL,
    updated_at timestamptz NOT NULL
)"""

CREATE_UPLOADS = """
CREATE TABLE IF NOT EXISTS uploads (
    id text PRIMARY KEY,
    bucket text NOT NULL,
    key text NOT NULL,
    version_id text NOT NULL,
    size bigint NOT NULL,
    project text,
    purpose text,
    state text NOT NULL,
    reason text,
    details text,
    received_at timestamptz NOT NULL,
    finished_at timestamptz
)"""

CREATE_IMAGES = """
CREATE TABLE IF NOT EXISTS images (
    id text PRIMARY KEY,
    project text NOT NULL,
    purpose text NOT NULL,
    label text,
    patient_group text NOT NULL,
    content_sha256 text NOT NULL,
    array_path text NOT NULL,
    array_sha256 text NOT NULL,
    duplicate_of text,
    facts text NOT NULL,
    accepted_at timestamptz NOT NULL
)"""

CREATE_DATASETS = """
CREATE TABLE IF NOT EXISTS datasets (
    id text PRIMARY KEY,
    project text NOT NULL,
    samples bigint NOT NULL,
    counts text NOT NULL,
    created_at timestamptz NOT NULL
)"""

CREATE_JOBS = """
CREATE TABLE IF NOT EXISTS jobs (
    name text PRIMARY KEY,
    project text NOT NULL,
    dataset text NOT NULL,
    model_version integer NOT NULL,
    cause text NOT NULL,
    state text NOT NULL,
    reason text,
    requested_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    evaluation text,
    UNIQUE (project, model_version)
)"""

CREATE_MODELS = """
CREATE TABLE IF NOT EXISTS models (
    project text NOT NULL,
    version integer NOT NULL,
    job text NOT NULL,
    artefact text NOT NULL,
    package_arn text,
    state text NOT NULL,
    gate_reason text,
    metrics text NOT NULL,
    created_at timestamptz NOT NULL,
    approved_at timestamptz,
    promoted_at timestamptz,
    PRIMARY KEY (project, version)
)"""

CREATE_PREDICTIONS = """
CREATE TABLE IF NOT EXISTS predictions (
    id text PRIMARY KEY,
    project text NOT NULL,
    image text NOT NULL,
    model_version integer NOT NULL,
    state text NOT NULL,
    label text,
    confidence double precision,
    probabilities text,
    output_path text,
    reason text,
    requested_at timestamptz NOT NULL,
    finished_at timestamptz
)"""

CREATE_ALERTS = """
CREATE TABLE IF NOT EXISTS alerts (
    id text PRIMARY KEY,
    name text NOT NULL,
    severity text NOT NULL,
    summary text NOT NULL,
    project text,
    state text NOT NULL,
    raised_at timestamptz NOT NULL
)"""

TABLES: dict[str, Table] = {
    "projects": Table(("name",), CREATE_PROJECTS),
    "uploads": Table(("id",), CREATE_UPLOADS),
    "images": Table(("id",), CREATE_IMAGES),
    "datasets": Table(("id",), CREATE_DATASETS),
    "jobs": Table(("name",), CREATE_JOBS),
    "models": Table(("project", "version"), CREATE_MODELS),
    "predictions": Table(("id",), CREATE_PREDICTIONS),
    "alerts": Table(("id",), CREATE_ALERTS),
}
"""In the order in which a restore loads them."""

# Written for DSQL, which builds indexes only in the background; PostgreSQL gets them without ASYNC.
INDEX_UPLOADS = "CREATE INDEX ASYNC IF NOT EXISTS uploads_by_state ON uploads (state, project, received_at)"
INDEX_IMAGES = "CREATE INDEX ASYNC IF NOT EXISTS images_by_array ON images (project, array_sha256)"
INDEX_JOBS = "CREATE INDEX ASYNC IF NOT EXISTS jobs_by_project ON jobs (project, requested_at)"
INDEX_PREDICTIONS = (
    "CREATE INDEX ASYNC IF NOT EXISTS predictions_by_state ON predictions (state, requested_at)"
)
INDEX_PREDICTED_IMAGES = (
    "CREATE INDEX ASYNC IF NOT EXISTS predictions_by_image ON predictions (image, model_version)"
)

INDEXES: dict[str, str] = {
    "uploads_by_state": INDEX_UPLOADS,
    "images_by_array": INDEX_IMAGES,
    "jobs_by_project": INDEX_JOBS,
    "predictions_by_state": INDEX_PREDICTIONS,
    "predictions_by_image": INDEX_PREDICTED_IMAGES,
}

SELECT_NAMES = """
SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema()"""

CREATE_SCHEMA = sql.SQL("CREATE SCHEMA IF NOT EXISTS {schema}")
DROP_TABLE = sql.SQL("DROP TABLE IF EXISTS {schema}.{table}")
DROP_SCHEMA = sql.SQL("DROP SCHEMA IF EXISTS {schema}")


def apply(connection: Connection, dialect: Dialect, schema: str | None) -> None:
    """Create what is missing; one cheap look when nothing is."""
    if schema is not None and not _has_schema(connection):
        _define(connection, CREATE_SCHEMA.format(schema=sql.Identifier(schema)))
    present = {name for (name,) in connection.execute(SELECT_NAMES).fetchall()}
    for name, table in TABLES.items():
        if name not in present:
            _define(connection, table.create)
    for name, statement in INDEXES.items():
        if name not in present:
            _define(connection, statement if dialect == "dsql" else statement.replace(" ASYNC", ""))


def remove(connection: Connection, schema: str) -> None:
    """Table by table: DSQL takes one change at a time."""
    for table in TABLES:
        _define(connection, DROP_TABLE.format(schema=sql.Identifier(schema), table=sql.Identifier(table)))
    _define(connection, DROP_SCHEMA.format(schema=sql.Identifier(schema)))


SELECT_SCHEMA = "SELECT current_schema() IS NOT NULL"


def _has_schema(connection: Connection) -> bool:
    """With search_path set to one schema, current_schema() is null until that schema exists."""
    row = connection.execute(SELECT_SCHEMA).fetchone()
    return row is not None and bool(row[0])


def _define(connection: Connection, statement: str | sql.Composed) -> None:
    """Two cold starts can both see a table missing; the loser gets one of these and looks again.

    IF NOT EXISTS is no protection: PostgreSQL checks, then inserts into its own catalogue.
    """
    for attempt in range(ATTEMPTS):
        try:
            connection.execute(statement)
            return
        except (
            errors.UniqueViolation,
            errors.DuplicateTable,
            errors.DuplicateObject,
            errors.DuplicateSchema,
            errors.SerializationFailure,
            errors.DeadlockDetected,
            errors.InternalError_,
        ) as error:
            if attempt + 1 == ATTEMPTS or not _is_race(error):
                raise
            time.sleep(random.uniform(0.01, 0.05) * (attempt + 1))


def _is_race(error: psycopg.Error) -> bool:
    """XX000 is only a race when PostgreSQL says so ("tuple concurrently updated")."""
    return not isinstance(error, errors.InternalError_) or "concurrently" in str(error)
