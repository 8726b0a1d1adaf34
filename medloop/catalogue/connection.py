"""One connection to the catalogue, and transactions that survive conflicts and dropped lines."""

import random
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

import psycopg
from psycopg import sql

from medloop.catalogue import schema
from medloop.catalogue.errors import Contended, Unavailable, without_values
from medloop.catalogue.secret import CatalogueSecret, Connection, dial

T = TypeVar("T")

ATTEMPTS = 16
REDIALS = 3
"""A failover may cut a line more than once; a database that is away is left to the queue's next attempt."""

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.5
"""Seconds; doubled each time, and a random part of it is waited."""

CONFLICTS = frozenset({"40001", "40P01", "OC000", "OC001"})
"""Serialization failure, deadlock, and DSQL's own names for a lost race over data or schema."""

SET_SCHEMA = sql.SQL("SET search_path TO {schema}")


class Catalogue:
    """Opens its connection when first used, and applies what the schema lacks.

    Safe to share between threads, which then take turns; a `work` must not call `run` itself.
    """

    def __init__(self, secret: CatalogueSecret) -> None:
        self._secret = secret
        self._connection: Connection | None = None
        self._is_current = False
        self._turn = threading.Lock()

    def run(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, committed in one transaction.

        `work` may run several times, also after a commit whose answer got lost: it must be idempotent and
        touch nothing but the catalogue.

        Raises:
            Contended: every attempt lost a race.
            Unavailable: no connection.
            CatalogueError: the database refused; what `work` itself raises passes unchanged.
        """
        with self._turn:
            return self._until_settled(lambda connection: _transact(connection, work))

    def read(self, work: Callable[[Connection], T]) -> T:
        """Like `run`, on one consistent snapshot; PostgreSQL refuses to write there."""
        # That DSQL accepts BEGIN READ ONLY is not written anywhere; its transactions are snapshots anyway.
        begin = _observe if self._secret.dialect == "postgresql" else _transact
        with self._turn:
            return self._until_settled(lambda connection: begin(connection, work))

    def elsewhere(self, schema_name: str) -> "Catalogue":
        """The same database with its tables in another schema, for restore drills and tests."""
        return Catalogue(CatalogueSecret.model_validate({**self._as_text(), "schema": schema_name}))

    def drop(self) -> None:
        """Remove the tables and the schema this catalogue was pointed at by name.

        Raises:
            ValueError: it lies in the server's default schema, which is never dropped.
        """
        name = self._secret.db_schema
        if name is None:
            raise ValueError("only a catalogue in a schema of its own can be dropped")
        with self._turn:
            self._until_settled(lambda connection: schema.remove(connection, name))
            self._disconnect()

    def close(self) -> None:
        with self._turn:
            self._disconnect()

    def __enter__(self) -> "Catalogue":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _until_settled(self, attempt: Callable[[Connection], T]) -> T:
        pause, redials = FIRST_PAUSE, 0
        for _ in range(ATTEMPTS):
            try:
                return attempt(self._connected())
            except psycopg.Error as error:
                if self._is_lost():
                    if redials == REDIALS:
                        raise Unavailable(f"connection lost ({error.sqlstate or 'no code'})") from None
                    redials += 1
                    self._disconnect()
                elif error.sqlstate not in CONFLICTS:
                    raise without_values(error) from None
                time.sleep(random.uniform(0.2, 1.0) * pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        raise Contended(f"lost {ATTEMPTS} races in a row")

    def _connected(self) -> Connection:
        if self._connection is None:
            try:
                self._connection = dial(self._secret)
            except psycopg.OperationalError as error:
                raise Unavailable(f"no connection ({error.sqlstate or 'no answer'})") from None
        if not self._is_current:
            self._prepare(self._connection)
        return self._connection

    def _prepare(self, connection: Connection) -> None:
        name = self._secret.db_schema
        if name is not None:
            connection.execute(SET_SCHEMA.format(schema=sql.Identifier(name)))
        schema.apply(connection, self._secret.dialect, name)
        self._is_current = True

    def _is_lost(self) -> bool:
        return self._connection is not None and (self._connection.closed or self._connection.broken)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._is_current = None, False

    def _as_text(self) -> dict[str, str]:
        return self._secret.model_dump(exclude_none=True, by_alias=True)


def open_catalogue(secret: str) -> Catalogue:
    """The catalogue that this secret (JSON text) names; connects at first use.

    Raises:
        pydantic.ValidationError: the secret names no place; the text does not repeat it.
    """
    return Catalogue(CatalogueSecret.model_validate_json(secret))


def _transact(connection: Connection, work: Callable[[Connection], T]) -> T:
    with connection.transaction():
        return work(connection)


def _observe(connection: Connection, work: Callable[[Connection], T]) -> T:
    connection.read_only = True
    try:
        return _transact(connection, work)
    finally:
        if not connection.closed:
            connection.read_only = None
