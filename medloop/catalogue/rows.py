"""Reading rows into frozen dataclasses: a column for a field, by name."""

from collections.abc import Mapping
from typing import Any, TypeVar

from psycopg.rows import class_row

from medloop.catalogue.secret import Connection

Row = TypeVar("Row")
Parameters = Mapping[str, Any]


def one(conn: Connection, row: type[Row], statement: str, parameters: Parameters) -> Row | None:
    with conn.cursor(row_factory=class_row(row)) as cursor:
        return cursor.execute(statement, parameters).fetchone()


def many(conn: Connection, row: type[Row], statement: str, parameters: Parameters) -> list[Row]:
    with conn.cursor(row_factory=class_row(row)) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def changed(conn: Connection, statement: str, parameters: Parameters) -> int:
    """How many rows the statement wrote."""
    return conn.execute(statement, parameters).rowcount


def number(conn: Connection, statement: str, parameters: Parameters) -> int:
    """The single number that the statement selects."""
    row = conn.execute(statement, parameters).fetchone()
    return 0 if row is None else int(row[0])


def counts(conn: Connection, statement: str, parameters: Parameters) -> dict[str, int]:
    """The (name, number) pairs that the statement selects."""
    return {str(name): int(count) for name, count in conn.execute(statement, parameters).fetchall()}
