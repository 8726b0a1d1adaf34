"""A dropped line is redialled a few times, and the transaction starts over."""

import json

import psycopg
import pytest

from medloop.catalogue.alerts import list_alerts
from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.errors import Unavailable
from medloop.catalogue.secret import Connection

OWN_PID = "SELECT pg_backend_pid()"
TERMINATE = "SELECT pg_terminate_backend(%s, 5000)"


def own_pid(conn: Connection) -> int:
    row = conn.execute(OWN_PID).fetchone()
    assert row is not None
    return int(row[0])


def test_a_line_dropped_between_transactions_is_redialled(catalogue: Catalogue, postgres_url: str) -> None:
    first = catalogue.run(own_pid)
    with psycopg.connect(postgres_url) as admin:
        admin.execute(TERMINATE, [first])
    assert catalogue.run(own_pid) != first
    assert catalogue.run(list_alerts) == []


def test_a_line_dropped_within_a_transaction_starts_it_over(catalogue: Catalogue, postgres_url: str) -> None:
    pids: list[int] = []

    def work(conn: Connection) -> int:
        pids.append(own_pid(conn))
        if len(pids) == 1:
            with psycopg.connect(postgres_url) as admin:
                admin.execute(TERMINATE, pids)
        return own_pid(conn)

    assert catalogue.run(work) == pids[1]
    assert len(pids) == 2


def test_a_line_that_always_drops_is_given_up(catalogue: Catalogue, postgres_url: str) -> None:
    def work(conn: Connection) -> int:
        with psycopg.connect(postgres_url) as admin:
            admin.execute(TERMINATE, [own_pid(conn)])
        return own_pid(conn)

    with pytest.raises(Unavailable):
        catalogue.run(work)


def test_a_database_that_is_not_there_is_unavailable() -> None:
    secret = json.dumps({"url": "postgresql://somebody:secret@127.0.0.1:1/nothing"})
    with open_catalogue(secret) as catalogue, pytest.raises(Unavailable) as raised:
        catalogue.run(list_alerts)
    assert "secret" not in str(raised.value)
