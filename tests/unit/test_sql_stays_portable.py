"""The catalogue's SQL stays inside what PostgreSQL and Aurora DSQL both accept."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

import medloop.catalogue
from medloop.catalogue.schema import TABLES, Table

VERBS: tuple[str, ...] = (
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE TABLE",
    "CREATE INDEX ASYNC",
    "CREATE SCHEMA",
)
VERBS += ("DROP TABLE", "DROP SCHEMA", "SET search_path", "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS")
TYPES = {"text", "bigint", "integer", "double precision", "boolean", "timestamptz"}
FORBIDDEN = {
    "trigger": r"\btrigger\b",
    "sequence": r"\b(sequence|serial|bigserial|smallserial|nextval|currval|identity|generated)\b",
    "truncate": r"\btruncate\b",
    "savepoint": r"\b(savepoint|rollback to)\b",
    "temporary table": r"\b(temp|temporary|unlogged)\b",
    "extension": r"\bextension\b",
    "foreign key": r"\b(references|foreign key)\b",
    "json column or operator": r"\bjsonb?\b|->|@>",
    "array column": r"\w\[\d*\]",
    "server clock": r"\b(now\(|current_timestamp|current_date|clock_timestamp|localtimestamp)",
    "random value": r"\b(random\(|gen_random_uuid|uuid_generate)",
    "lock": r"\block table\b|\bpg_advisory|\bfor (update|share)\b|\bskip locked\b",
    "cursor or copy": r"\b(declare|fetch|copy|listen|notify|vacuum)\b",
    "procedure": r"\b(function|procedure|plpgsql|do \$\$)",
    "view or partition": r"\b(materialized|partition by range|inherits|tablespace)\b",
    "partial index": r"create (unique )?index.*\bwhere\b",
    "drop cascade": r"\bcascade\b",
}
COLUMN = re.compile(r"^(\w+) ([a-z ]+?)( PRIMARY KEY| NOT NULL)*$")
CONSTRAINT = re.compile(r"^(UNIQUE|PRIMARY KEY) \([\w, ]+\)$")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
LOOKS_LIKE_SQL = re.compile(
    r"^\s*(select|insert|update|delete|create|drop|alter|set|with|begin|copy)\s", re.I
)


def violations(statement: str) -> list[str]:
    """What PostgreSQL and DSQL do not both accept in this statement."""
    text = " ".join(statement.split())
    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text, re.IGNORECASE)]
    if not text.startswith(VERBS):
        found.append(f"unexpected verb: {text.split()[0]}")
    if ";" in text:
        found.append("several statements in one")
    return found + (foreign_columns(text) if text.startswith("CREATE TABLE") else [])


def foreign_columns(table: str) -> list[str]:
    inside = table[table.index("(") + 1 : table.rindex(")")]
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", inside)]
    columns = [COLUMN.match(part) for part in parts if not CONSTRAINT.match(part)]
    return [
        "column " + ("unreadable" if column is None else f"{column[1]} {column[2]}")
        for column in columns
        if column is None or column[2] not in TYPES
    ]


def statements() -> Iterator[tuple[str, str]]:
    """Every statement of the package: its module constants, wherever they stand."""
    for module in pkgutil.iter_modules(medloop.catalogue.__path__):
        members = vars(importlib.import_module(f"medloop.catalogue.{module.name}"))
        for name, value in members.items():
            text = value._obj if isinstance(value, sql.SQL) else value
            if name.isupper() and isinstance(text, str) and LOOKS_LIKE_SQL.match(text):
                yield f"{module.name}.{name}", text


def hidden_statements(source: str) -> list[str]:
    """SQL in a function, a class or an f-string, where no test would see it."""
    tree = ast.parse(source)
    constants = {
        id(node)
        for assignment in tree.body
        if isinstance(assignment, ast.Assign)
        for node in ast.walk(assignment)
    }
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and LOOKS_LIKE_SQL.match(node.value)
        and id(node) not in constants | docstrings
    ]


@pytest.mark.parametrize(("name", "statement"), sorted(statements()))
def test_every_statement_is_accepted_by_both(name: str, statement: str) -> None:
    assert violations(statement) == []


@pytest.mark.parametrize(("table", "shape"), TABLES.items())
def test_added_columns_are_accepted_by_both(table: str, shape: Table) -> None:
    # DSQL adds a column with a type and nothing else: no default, no NOT NULL, no key.
    assert set(shape.added.values()) <= TYPES
    for column in shape.added:
        assert IDENTIFIER.fullmatch(column)
        assert not re.search(rf"\b{column}\b", shape.create), f"{table}.{column} is there from the start"


def test_no_statement_hides_outside_the_constants() -> None:
    package = Path(medloop.catalogue.__path__[0])
    assert [found for path in package.glob("*.py") for found in hidden_statements(path.read_text())] == []


def test_the_statements_are_found_at_all() -> None:
    names = {name.split(".")[0] for name, _ in statements()}
    assert names >= {"alerts", "connection", "datasets", "dump", "images", "jobs", "models", "predictions"}
    assert names >= {"projects", "schema", "uploads"}
    assert len(dict(statements())) > 50


@pytest.mark.parametrize(
    "bad",
    [
        "CREATE TRIGGER t AFTER INSERT ON uploads",
        "CREATE TABLE t (id serial PRIMARY KEY)",
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY)",
        "CREATE TABLE t (id text REFERENCES uploads)",
        "CREATE TABLE t (id text, facts jsonb)",
        "CREATE TABLE t (id text, tags text[])",
        "CREATE TABLE t (id uuid PRIMARY KEY)",
        "CREATE TABLE t (id text, at timestamp NOT NULL)",
        "CREATE TABLE t (id text, price numeric(10, 2))",
        "CREATE TABLE t (id text, n integer DEFAULT 0)",
        "CREATE TEMP TABLE t (id text)",
        "CREATE SEQUENCE s",
        "CREATE EXTENSION pgcrypto",
        "CREATE INDEX i ON uploads (state)",
        "CREATE INDEX ASYNC i ON uploads (state) WHERE state = 'received'",
        "TRUNCATE uploads",
        "SAVEPOINT s",
        "DROP SCHEMA s CASCADE",
        "LOCK TABLE models",
        "SELECT * FROM projects WHERE name = 'a' FOR UPDATE",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT nextval('s')",
        "UPDATE uploads SET finished_at = now()",
        "SELECT facts::jsonb FROM images",
        "SELECT details->'a' FROM uploads",
        "SELECT 1; SELECT 2",
        "ALTER TABLE uploads ADD COLUMN x text",
        "ALTER TABLE uploads DROP COLUMN state",
        "COPY uploads FROM STDIN",
    ],
)
def test_the_test_can_fail(bad: str) -> None:
    assert violations(bad) != []


@pytest.mark.parametrize(
    "source",
    [
        "def f(conn):\n    conn.execute('SELECT 1')",
        "class A:\n    STATEMENT = 'DROP TABLE uploads'",
        "def f(conn, name):\n    conn.execute(f'select * from {name}')",
        "def f(conn):\n    'Words.'\n    query = '''\n    update t set a = 1'''",
    ],
)
def test_hiding_is_noticed(source: str) -> None:
    assert hidden_statements(source) != []
