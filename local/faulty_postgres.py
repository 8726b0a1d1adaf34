"""Calls to PostgreSQL that go wrong: connecting, a statement, a commit."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from local.faults import Kind

if TYPE_CHECKING:
    from local.faulty import Worker

SERVICE = "postgresql"


def hook(worker: "Worker") -> None:
    """Harmless while no plan names the worker's function; not every function has psycopg."""
    with suppress(ImportError):
        _hook_connect(worker)
        _hook_execute(worker)
        _hook_commit(worker)


def _hook_connect(worker: "Worker") -> None:
    import psycopg

    connect = psycopg.connect

    def suffering_connect(*arguments: Any, **named: Any) -> Any:
        if not worker.invocation:
            return connect(*arguments, **named)
        with worker.call(SERVICE, "connect") as fault:
            if fault == "refused":
                raise psycopg.OperationalError("injected: connection refused")
            return connect(*arguments, **named)

    psycopg.connect = suffering_connect


def _hook_execute(worker: "Worker") -> None:
    import psycopg

    execute: Any = psycopg.Cursor.execute

    def suffering_execute(cursor: Any, query: Any, *arguments: Any, **named: Any) -> Any:
        if not worker.invocation:
            return execute(cursor, query, *arguments, **named)
        with worker.call(SERVICE, _words(query)) as fault:
            _before(worker, fault, cursor.connection)
            if fault == "conflict":
                raise psycopg.errors.SerializationFailure("injected")
            result = execute(cursor, query, *arguments, **named)
            _after(fault, cursor.connection)
            return result

    cursors: Any = psycopg.Cursor
    cursors.execute = suffering_execute


def _hook_commit(worker: "Worker") -> None:
    """A line that breaks around the commit leaves its client in doubt whether it happened."""
    import psycopg

    leave: Any = psycopg.Transaction.__exit__

    def suffering_exit(transaction: Any, kind: Any, *error: Any) -> Any:
        if not worker.invocation or kind is not None:
            return leave(transaction, kind, *error)
        with worker.call(SERVICE, "COMMIT") as fault:
            _before(worker, fault, transaction.connection)
            if fault == "conflict":
                lost = psycopg.errors.SerializationFailure("injected")
                leave(transaction, type(lost), lost, None)
                raise lost
            result = leave(transaction, kind, *error)
            _after(fault, transaction.connection)
            return result

    transactions: Any = psycopg.Transaction
    transactions.__exit__ = suffering_exit


def _words(query: Any) -> str:
    """What a statement begins with: `INSERT INTO uploads`, `SELECT`."""
    words = str(query).split()
    return " ".join(words[: 3 if words[0] in ("INSERT", "DELETE") else 2 if words[0] == "UPDATE" else 1])


def _before(worker: "Worker", fault: Kind | None, connection: Any) -> None:
    if fault in ("refused", "throttle"):
        _cut(connection)
    elif fault in ("slow", "hang"):
        worker.linger(fault)


def _after(fault: Kind | None, connection: Any) -> None:
    if fault == "lost":
        _cut(connection)


def _cut(connection: Any) -> None:
    """The line is dead from now on, as after a failover.

    Raises:
        psycopg.OperationalError: always.
    """
    import psycopg

    connection.pgconn.finish()
    raise psycopg.OperationalError("injected: connection lost")
