"""The tables come by themselves, also when cold starts meet."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.dump import is_empty
from medloop.catalogue.schema import INDEXES, SELECT_COLUMNS, TABLES

FIRST_USE = """
import sys
from medloop.catalogue.connection import open_catalogue
from medloop.catalogue.uploads import upload_counts
with open_catalogue(sys.stdin.read()) as catalogue:
    print(catalogue.run(upload_counts))
"""

KEYS = """
SELECT t.relname, a.attname FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(i.indkey)
WHERE i.indisprimary AND n.nspname = current_schema() ORDER BY t.relname, a.attnum"""


def test_processes_that_start_at_once_all_find_it(catalogue_secret: str) -> None:
    def start(_: int) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", FIRST_USE]
        return subprocess.run(command, input=catalogue_secret, capture_output=True, text=True, timeout=50)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(start, range(2)))
    assert [(one.returncode, one.stdout, one.stderr) for one in done] == [(0, "{}\n", "")] * 2


def test_threads_that_start_at_once_all_find_it(catalogue_secret: str) -> None:
    def start(_: int) -> bool:
        with open_catalogue(catalogue_secret) as catalogue:
            return catalogue.read(is_empty)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(start, range(8))) == [True] * 8


def test_it_holds_the_tables_and_indexes_that_the_dump_knows(catalogue: Catalogue) -> None:
    found = catalogue.run(lambda conn: set(conn.execute(SELECT_COLUMNS).fetchall()))
    assert set(TABLES) | set(INDEXES) <= {name for name, _ in found}
    assert {(name, column) for name, table in TABLES.items() for column in table.added} <= found
    keys: dict[str, tuple[str, ...]] = {}
    for table, column in catalogue.run(lambda conn: conn.execute(KEYS).fetchall()):
        keys[table] = (*keys.get(table, ()), column)
    assert keys == {name: table.key for name, table in TABLES.items()}


def test_the_default_schema_is_never_dropped(postgres_url: str) -> None:
    with (
        open_catalogue(json.dumps({"url": postgres_url})) as catalogue,
        pytest.raises(ValueError, match="of its own"),
    ):
        catalogue.drop()


def test_a_dropped_schema_is_gone(catalogue: Catalogue, postgres_url: str) -> None:
    with catalogue.elsewhere("drill_3") as drill:
        drill.read(is_empty)
        drill.drop()
    with psycopg.connect(postgres_url) as conn:
        found = conn.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'drill_3'").fetchone()
    assert found is None
