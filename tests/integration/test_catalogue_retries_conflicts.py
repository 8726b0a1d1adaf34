"""A transaction that loses a race is run again; one that always loses says so."""

import pytest

from medloop.catalogue import connection
from medloop.catalogue.alerts import list_alerts
from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.errors import Contended
from medloop.catalogue.rows import changed, number
from medloop.catalogue.secret import Connection

INSERT = "INSERT INTO alerts VALUES (%(id)s, 'n', 'info', 's', NULL, 'OK', '2026-01-01T00:00:00Z')"
SERIALIZABLE = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
COUNT = "SELECT count(*) FROM alerts"


def insert_as_many_as_there_are(conn: Connection, own: str) -> int:
    """Write skew: each of two such transactions reads what the other changes."""
    conn.execute(SERIALIZABLE)
    seen = number(conn, COUNT, {})
    changed(conn, INSERT, {"id": f"{own}-{seen}"})
    return seen


def test_a_serialization_failure_is_retried_on_fresh_data(
    catalogue: Catalogue, catalogue_secret: str
) -> None:
    seen: list[int] = []
    with open_catalogue(catalogue_secret) as rival:

        def work(conn: Connection) -> int:
            conn.execute(SERIALIZABLE)
            seen.append(number(conn, COUNT, {}))
            if len(seen) == 1:
                rival.run(lambda other: insert_as_many_as_there_are(other, "rival"))
            changed(conn, INSERT, {"id": f"own-{seen[-1]}"})
            return seen[-1]

        assert catalogue.run(work) == 1
    assert seen == [0, 1]
    assert sorted(alert.id for alert in catalogue.run(list_alerts)) == ["own-1", "rival-0"]


def test_a_race_lost_every_time_is_contention(catalogue: Catalogue, catalogue_secret: str) -> None:
    catalogue.run(lambda conn: changed(conn, INSERT, {"id": "a"}))
    rename, tries = "UPDATE alerts SET name = name", []
    with open_catalogue(catalogue_secret) as rival:

        def work(conn: Connection) -> None:
            tries.append(number(conn, COUNT, {}))
            rival.run(lambda other: changed(other, rename, {}))
            changed(conn, rename, {})

        with pytest.raises(Contended):
            catalogue.run(work)
    assert len(tries) == connection.ATTEMPTS


def test_what_work_raises_undoes_it_and_passes_unchanged(catalogue: Catalogue) -> None:
    def work(conn: Connection) -> None:
        changed(conn, INSERT, {"id": "a"})
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        catalogue.run(work)
    assert catalogue.run(list_alerts) == []
