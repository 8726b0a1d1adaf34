"""Reading rows into frozen dataclasses: a column for a field, by name."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from psycopg import Cursor

from medloop.catalogue.secret import Connection

Row = TypeVar("Row")
Parameters = Mapping[str, Any]


def one(conn: Connection, row: type[Row], statement: str, parameters: Parameters) -> Row | None:
    with conn.cursor(row_factory=reading(row)) as cursor:
        return cursor.execute(statement, parameters).fetchone()


def many(conn: Connection, row: type[Row], statement: str, parameters: Parameters) -> list[Row]:
    with conn.cursor(row_factory=reading(row)) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def reading(row: type[Row]) -> Callable[[Cursor[Any]], Callable[[Sequence[Any]], Row]]:
    """A row factory that passes over columns without a field.

    During an update a function that still runs the old code meets the columns that the new code added.
    """
    fields = {field.name for field in dataclasses.fields(cast(Any, row))}

    def factory(cursor: Cursor[Any]) -> Callable[[Sequence[Any]], Row]:
        names = [column.name for column in cursor.description or ()]
        kept = [(name, index) for index, name in enumerate(names) if name in fields]
        return lambda values: row(**{name: values[index] for name, index in kept})

    return factory


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
