"""A deployment that is updated keeps its rows and gets the columns that came since."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.dump import digest, digests, dump, restore
from medloop.catalogue.images import Image, add_image, get_image
from medloop.catalogue.rows import one
from medloop.catalogue.schema import SELECT_COLUMNS, TABLES

AT = datetime(2026, 1, 1, tzinfo=UTC)
OLD_IMAGE = """
INSERT INTO images (id, project, purpose, label, patient_group, content_sha256, array_path, array_sha256,
                    facts, accepted_at)
VALUES ('old', 'lungs', 'labelled', 'ill', 'g', 'c', 'p', 's', '{}', '2026-01-01T00:00:00Z')"""


@pytest.fixture
def old_secret(catalogue_secret: str) -> Iterator[str]:
    """A catalogue with the tables as they were first deployed, and one image."""
    secret = json.loads(catalogue_secret)
    with psycopg.connect(secret["url"], autocommit=True) as conn:
        schema = sql.Identifier(secret["schema"])
        conn.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        conn.execute(sql.SQL("SET search_path TO {}").format(schema))
        for table in TABLES.values():
            conn.execute(table.create)
        conn.execute(OLD_IMAGE)
    yield catalogue_secret


def columns(catalogue: Catalogue) -> set[tuple[str, str]]:
    return catalogue.run(lambda conn: set(conn.execute(SELECT_COLUMNS).fetchall()))


def test_missing_columns_are_added_and_rows_stay(old_secret: str) -> None:
    with open_catalogue(old_secret) as catalogue:
        image = catalogue.run(lambda conn: get_image(conn, "old"))
        assert image == Image("old", "lungs", "labelled", "ill", "g", "c", "p", "s", "{}", AT)
        wanted = {(name, column) for name, table in TABLES.items() for column in table.added}
        assert wanted <= columns(catalogue)


def test_cold_starts_that_meet_all_find_them(old_secret: str) -> None:
    def start(_: int) -> bool:
        with open_catalogue(old_secret) as catalogue:
            return catalogue.read(lambda conn: get_image(conn, "old")) is not None

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(start, range(8)))


def test_it_may_be_updated_again(old_secret: str) -> None:
    with open_catalogue(old_secret) as first:
        before = columns(first)
    with open_catalogue(old_secret) as second:
        assert columns(second) == before


def test_a_backup_from_before_is_equal_after_its_restore(old_secret: str) -> None:
    with open_catalogue(old_secret) as catalogue:
        lines = catalogue.read(lambda conn: list(dump(conn)["images"]))
        assert "dims" not in lines[0]
        with catalogue.elsewhere("before_the_update") as drill:
            assert restore(drill, "images", lines) == 1
            assert drill.read(digests)["images"] == digest(lines)
            drill.drop()


def test_a_backup_holds_rows_from_before_and_after(old_secret: str) -> None:
    new = Image("new", "lungs", "labelled", "ill", "g", "c", "p", "t", "{}", AT, dims=2)
    with open_catalogue(old_secret) as catalogue:
        catalogue.run(lambda conn: add_image(conn, new))
        lines = catalogue.read(lambda conn: list(dump(conn)["images"]))
        with catalogue.elsewhere("mixed") as drill:
            assert restore(drill, "images", lines) == 2
            assert drill.read(lambda conn: get_image(conn, "new")) == new
            assert drill.read(digests)["images"] == catalogue.read(digests)["images"]
            drill.drop()


@dataclass(frozen=True)
class OldImage:
    id: str
    label: str


def test_code_from_before_reads_rows_with_columns_it_does_not_know(old_secret: str) -> None:
    with open_catalogue(old_secret) as catalogue:
        found = catalogue.read(lambda conn: one(conn, OldImage, "SELECT * FROM images", {}))
    assert found == OldImage("old", "ill")
