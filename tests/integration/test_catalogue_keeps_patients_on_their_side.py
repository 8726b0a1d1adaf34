"""A patient's side of the split is written down once; dataset versions are found by how their id begins."""

from datetime import UTC, datetime, timedelta
from functools import partial

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.datasets import Dataset, add_dataset, datasets_named, list_datasets
from medloop.catalogue.secret import Connection
from medloop.catalogue.sides import settle_sides, sides_of

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_first_side_stays(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: settle_sides(conn, "lungs", {"a": "test", "b": "train"}, AT))
    catalogue.run(lambda conn: settle_sides(conn, "lungs", {"a": "train", "c": "validation"}, AT))
    found = catalogue.read(lambda conn: sides_of(conn, "lungs"))
    assert found == {"a": "test", "b": "train", "c": "validation"}


def test_projects_do_not_share_sides(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: settle_sides(conn, "lungs", {"a": "test"}, AT))
    assert catalogue.read(lambda conn: sides_of(conn, "hips")) == {}


def test_versions_are_stored_once_and_listed_latest_first(catalogue: Catalogue) -> None:
    def fill(conn: Connection) -> None:
        for number, start in enumerate(("aa11", "aa22", "bb33")):
            project = "hips" if start == "bb33" else "lungs"
            row = Dataset(start * 16, project, number, "{}", AT + timedelta(hours=number), 3, 4096)
            assert add_dataset(conn, row) and not add_dataset(conn, row)

    catalogue.run(fill)
    assert [row.id[:4] for row in catalogue.read(list_datasets)] == ["bb33", "aa22", "aa11"]
    lungs = catalogue.read(lambda conn: list_datasets(conn, "lungs", 1))
    assert [(row.id[:4], row.excluded, row.bytes) for row in lungs] == [("aa22", 3, 4096)]


def test_a_beginning_that_two_versions_share_finds_both(catalogue: Catalogue) -> None:
    def fill(conn: Connection) -> None:
        for start in ("aa11", "aa22", "bb33"):
            add_dataset(conn, Dataset(start * 16, "lungs", 1, "{}", AT))

    catalogue.run(fill)
    found = {
        start: [row.id[:4] for row in catalogue.read(partial(datasets_named, start=start))]
        for start in ("aa1", "aa", "cc", "")
    }
    assert found == {"aa1": ["aa11"], "aa": ["aa11", "aa22"], "cc": [], "": ["aa11", "aa22"]}
