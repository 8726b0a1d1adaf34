"""The tables and indexes, and how a database comes to have them.

Only what PostgreSQL and Aurora DSQL both accept. Every statement stands in a transaction of its own, as DSQL
demands, and may meet another process that applies the same one.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import errors, sql

from medloop.catalogue.secret import Connection, Dialect

ATTEMPTS = 10


@dataclass(frozen=True)
class Table:
    key: tuple[str, ...]
    create: str
    """The table as it was first deployed. It is never edited again: what came later stands in `added`."""
    added: Mapping[str, str] = field(default_factory=dict)
    """Column → type. Rows written before hold NULL there, so that is what the absence of a fact must be."""


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

UPLOADS_ADDED = {
    "sequencer": "text",
    "key_hash": "text",
    "archive": "text",
    "released": "text",
    "reviewed_at": "timestamptz",
}

CREATE_MANIFEST_FILES = """
CREATE TABLE IF NOT EXISTS manifest_files (
    manifest text NOT NULL,
    key_hash text NOT NULL,
    key text NOT NULL,
    sha256 text,
    PRIMARY KEY (manifest, key_hash)
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

CREATE_SERIES = """
CREATE TABLE IF NOT EXISTS series (
    id text PRIMARY KEY,
    project text NOT NULL,
    purpose text NOT NULL,
    label text,
    patient_group text NOT NULL,
    opened_at timestamptz NOT NULL,
    state text NOT NULL,
    scheduled_for timestamptz,
    version bigint NOT NULL,
    slices bigint NOT NULL,
    reason text,
    details text,
    assembled_at timestamptz
)"""

IMAGES_ADDED = {
    "source_path": "text",
    "dims": "integer",
    "geometry": "text",
    "array_bytes": "bigint",
    "fingerprint": "text",
    "clean_path": "text",
    "series": "text",
    "frames": "text",
    "sop": "text",
    "superseded_by": "bigint",
}

# A label is a class (value) or a mask (array_path, array_sha256, facts); it never changes.
CREATE_LABELS = """
CREATE TABLE IF NOT EXISTS labels (
    id text PRIMARY KEY,
    project text NOT NULL,
    kind text NOT NULL,
    target text NOT NULL,
    value text,
    split text,
    array_path text,
    array_sha256 text,
    facts text,
    source text NOT NULL,
    line bigint NOT NULL,
    written_at timestamptz NOT NULL,
    sequencer text NOT NULL,
    recorded_at timestamptz NOT NULL
)"""

CREATE_SIDES = """
CREATE TABLE IF NOT EXISTS sides (
    project text NOT NULL,
    patient_group text NOT NULL,
    side text NOT NULL,
    settled_at timestamptz NOT NULL,
    PRIMARY KEY (project, patient_group)
)"""

CREATE_DATASETS = """
CREATE TABLE IF NOT EXISTS datasets (
    id text PRIMARY KEY,
    project text NOT NULL,
    samples bigint NOT NULL,
    counts text NOT NULL,
    created_at timestamptz NOT NULL
)"""

DATASETS_ADDED = {"excluded": "bigint", "bytes": "bigint"}

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

JOBS_ADDED = {
    "launches": "integer",
    "launched_as": "text",
    "alerted_at": "timestamptz",
    "cancelled_at": "timestamptz",
}

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

PREDICTIONS_ADDED = {"volumes": "text", "warnings": "text", "written_at": "timestamptz"}

CREATE_RESULTS = """
CREATE TABLE IF NOT EXISTS results (
    prediction text NOT NULL,
    kind text NOT NULL,
    path text NOT NULL,
    media_type text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL,
    PRIMARY KEY (prediction, kind)
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

CREATE_GRANTS = """
CREATE TABLE IF NOT EXISTS grants (
    person text NOT NULL,
    project text NOT NULL,
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (person, project)
)"""

# One answer a person: who looks again replaces what they said.
CREATE_REVIEWS = """
CREATE TABLE IF NOT EXISTS reviews (
    prediction text NOT NULL,
    reader text NOT NULL,
    verdict text NOT NULL,
    label text,
    reviewed_at timestamptz NOT NULL,
    PRIMARY KEY (prediction, reader)
)"""

# Rows are only ever added: each holds the hash of the one before it in its chain.
CREATE_AUDIT = """
CREATE TABLE IF NOT EXISTS audit (
    chain text NOT NULL,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    operation text NOT NULL,
    project text,
    subject text,
    outcome text NOT NULL,
    request text NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (chain, number)
)"""

TABLES: dict[str, Table] = {
    "projects": Table(("name",), CREATE_PROJECTS),
    "uploads": Table(("id",), CREATE_UPLOADS, UPLOADS_ADDED),
    "manifest_files": Table(("manifest", "key_hash"), CREATE_MANIFEST_FILES),
    "images": Table(("id",), CREATE_IMAGES, IMAGES_ADDED),
    "labels": Table(("id",), CREATE_LABELS),
    "series": Table(("id",), CREATE_SERIES),
    "sides": Table(("project", "patient_group"), CREATE_SIDES),
    "datasets": Table(("id",), CREATE_DATASETS, DATASETS_ADDED),
    "jobs": Table(("name",), CREATE_JOBS, JOBS_ADDED),
    "models": Table(("project", "version"), CREATE_MODELS),
    "predictions": Table(("id",), CREATE_PREDICTIONS, PREDICTIONS_ADDED),
    "results": Table(("prediction", "kind"), CREATE_RESULTS),
    "alerts": Table(("id",), CREATE_ALERTS),
    "grants": Table(("person", "project"), CREATE_GRANTS),
    "reviews": Table(("prediction", "reader"), CREATE_REVIEWS),
    "audit": Table(("chain", "number"), CREATE_AUDIT),
}
"""In the order in which a restore loads them."""

# Written for DSQL, which builds indexes only in the background; PostgreSQL gets them without ASYNC.
INDEX_UPLOADS = "CREATE INDEX ASYNC IF NOT EXISTS uploads_by_state ON uploads (state, project, received_at)"
INDEX_MEMBERS = "CREATE INDEX ASYNC IF NOT EXISTS uploads_by_archive ON uploads (archive, state)"
INDEX_KEYS = "CREATE INDEX ASYNC IF NOT EXISTS uploads_by_key ON uploads (key_hash, state)"
INDEX_MANIFESTS = "CREATE INDEX ASYNC IF NOT EXISTS manifest_files_by_key ON manifest_files (key_hash)"
INDEX_IMAGES = "CREATE INDEX ASYNC IF NOT EXISTS images_by_array ON images (project, array_sha256)"
INDEX_SOPS = "CREATE INDEX ASYNC IF NOT EXISTS images_by_sop ON images (project, sop)"
INDEX_SLICES = "CREATE INDEX ASYNC IF NOT EXISTS images_by_series ON images (series, accepted_at)"
INDEX_LABELS = "CREATE INDEX ASYNC IF NOT EXISTS labels_by_project ON labels (project, recorded_at)"
INDEX_JOBS = "CREATE INDEX ASYNC IF NOT EXISTS jobs_by_project ON jobs (project, requested_at)"
INDEX_PREDICTIONS = (
    "CREATE INDEX ASYNC IF NOT EXISTS predictions_by_state ON predictions (state, requested_at)"
)
INDEX_PREDICTED_IMAGES = (
    "CREATE INDEX ASYNC IF NOT EXISTS predictions_by_image ON predictions (image, model_version)"
)
INDEX_ARRIVALS = "CREATE INDEX ASYNC IF NOT EXISTS uploads_by_project ON uploads (project, received_at)"
INDEX_ANSWERS = (
    "CREATE INDEX ASYNC IF NOT EXISTS predictions_by_project ON predictions (project, requested_at)"
)
INDEX_AUDIT = "CREATE INDEX ASYNC IF NOT EXISTS audit_by_time ON audit (at)"

INDEXES: dict[str, str] = {
    "uploads_by_state": INDEX_UPLOADS,
    "uploads_by_archive": INDEX_MEMBERS,
    "uploads_by_key": INDEX_KEYS,
    "manifest_files_by_key": INDEX_MANIFESTS,
    "images_by_array": INDEX_IMAGES,
    "images_by_sop": INDEX_SOPS,
    "images_by_series": INDEX_SLICES,
    "labels_by_project": INDEX_LABELS,
    "jobs_by_project": INDEX_JOBS,
    "predictions_by_state": INDEX_PREDICTIONS,
    "predictions_by_image": INDEX_PREDICTED_IMAGES,
    "uploads_by_project": INDEX_ARRIVALS,
    "predictions_by_project": INDEX_ANSWERS,
    "audit_by_time": INDEX_AUDIT,
}

SELECT_COLUMNS = """
SELECT c.relname, a.attname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = current_schema() AND a.attnum > 0 AND NOT a.attisdropped"""

CREATE_SCHEMA = sql.SQL("CREATE SCHEMA IF NOT EXISTS {schema}")
ADD_COLUMN = sql.SQL("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} {type}")
DROP_TABLE = sql.SQL("DROP TABLE IF EXISTS {schema}.{table}")
DROP_SCHEMA = sql.SQL("DROP SCHEMA IF EXISTS {schema}")


def apply(connection: Connection, dialect: Dialect, schema: str | None) -> None:
    """Create what is missing; one cheap look when nothing is."""
    if schema is not None and not _has_schema(connection):
        _define(connection, CREATE_SCHEMA.format(schema=sql.Identifier(schema)))
    present: dict[str, set[str]] = {}
    for name, column in connection.execute(SELECT_COLUMNS).fetchall():
        present.setdefault(name, set()).add(column)
    for name, table in TABLES.items():
        if name not in present:
            _define(connection, table.create)
        for column in table.added.keys() - present.get(name, set()):
            _define(connection, _adding(name, column, table.added[column]))
    for name, statement in INDEXES.items():
        if name not in present:
            _define(connection, statement if dialect == "dsql" else statement.replace(" ASYNC", ""))


def _adding(table: str, column: str, kind: str) -> sql.Composed:
    return ADD_COLUMN.format(table=sql.Identifier(table), column=sql.Identifier(column), type=sql.SQL(kind))


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
            errors.DuplicateColumn,
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
