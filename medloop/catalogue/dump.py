"""The whole catalogue as JSON lines, back again, and a digest that proves both equal.

Which schema is meant is the connection's business: `Catalogue.elsewhere` gives a restore drill its own.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.schema import TABLES
from medloop.catalogue.secret import Connection

PAGE = 1000
"""Rows per statement: below DSQL's 3000 rows a transaction, and PostgreSQL's 65535 parameters."""

FIRST_PAGE = sql.SQL("SELECT * FROM {table} ORDER BY {key} LIMIT {page}")
NEXT_PAGE = sql.SQL("SELECT * FROM {table} WHERE ({key}) > ({last}) ORDER BY {key} LIMIT {page}")
INSERT_ROWS = sql.SQL("INSERT INTO {table} ({columns}) VALUES {rows} ON CONFLICT ({key}) DO NOTHING")
ANY_ROW = sql.SQL("SELECT 1 FROM {table} LIMIT 1")


GROWING = frozenset({"audit"})
"""Tables that get rows by being looked at: an installation that holds nothing else is empty."""


@dataclass(frozen=True)
class Digest:
    """Equal for tables that hold equal rows, whatever their order."""

    rows: int
    sha256: str


def dump(conn: Connection) -> dict[str, Iterator[str]]:
    """Each table's rows as JSON lines, without line ends, read while they are consumed.

    Consume them inside the `Catalogue.read` that gave the connection: its snapshot is what makes the tables
    fit each other.
    """
    return {table: _lines(conn, table) for table in TABLES}


def load(conn: Connection, table: str, lines: Iterable[str]) -> int:
    """Add dumped rows within this transaction; rows whose key is there already stay as they are.

    How many were added. On DSQL a transaction takes 3000 rows: use `restore` for whole tables.
    """
    remaining, added = iter(lines), 0
    while page := list(islice(remaining, PAGE)):
        added += _insert(conn, table, [json.loads(line) for line in page])
    return added


def restore(catalogue: Catalogue, table: str, lines: Iterable[str]) -> int:
    """`load` in as many transactions as it takes; may simply be repeated after an interruption."""
    remaining, added = iter(lines), 0
    while page := list(islice(remaining, PAGE)):
        added += catalogue.run(partial(load, table=table, lines=page))
    return added


def is_empty(conn: Connection) -> bool:
    """No table holds a row, but those that grow with every look."""
    return all(
        conn.execute(ANY_ROW.format(table=sql.Identifier(table))).fetchone() is None
        for table in TABLES
        if table not in GROWING
    )


def digests(conn: Connection) -> dict[str, Digest]:
    """Of every table, on the connection's snapshot."""
    return {table: digest(lines) for table, lines in dump(conn).items()}


def digest(lines: Iterable[str]) -> Digest:
    """Of dumped lines, in any order; 32 bytes of memory a row."""
    hashes = sorted(hashlib.sha256(line.encode()).digest() for line in lines)
    return Digest(len(hashes), hashlib.sha256(b"".join(hashes)).hexdigest())


def _lines(conn: Connection, table: str) -> Iterator[str]:
    key = TABLES[table].key
    last: list[Any] | None = None
    while rows := _page(conn, table, key, last):
        for row in rows:
            yield _canonical(row, TABLES[table].added)
        last = [rows[-1][column] for column in key]


def _page(conn: Connection, table: str, key: tuple[str, ...], last: list[Any] | None) -> list[dict[str, Any]]:
    names = sql.SQL(", ").join(sql.Identifier(column) for column in key)
    marks = sql.SQL(", ").join(sql.Placeholder() for _ in key)
    template = FIRST_PAGE if last is None else NEXT_PAGE
    statement = template.format(table=sql.Identifier(table), key=names, last=marks, page=sql.Literal(PAGE))
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, last or []).fetchall()


def _insert(conn: Connection, table: str, rows: list[dict[str, Any]]) -> int:
    columns = sorted({column for row in rows for column in row})
    one_row = sql.SQL("({})").format(sql.SQL(", ").join(sql.Placeholder() for _ in columns))
    statement = INSERT_ROWS.format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(sql.Identifier(column) for column in columns),
        rows=sql.SQL(", ").join([one_row] * len(rows)),
        key=sql.SQL(", ").join(sql.Identifier(column) for column in TABLES[table].key),
    )
    return conn.execute(statement, [row.get(column) for row in rows for column in columns]).rowcount


def _canonical(row: Mapping[str, Any], added: Collection[str]) -> str:
    """One spelling per row: keys sorted, times in UTC.

    A column added later is left out where it is NULL: a backup from before it existed then still equals
    the tables that it is restored into.
    """
    known = {column: value for column, value in row.items() if value is not None or column not in added}
    return json.dumps(known, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_time)


def _time(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"the catalogue holds no {type(value).__name__}")
    return value.astimezone(UTC).isoformat()
