"""A series is open while slices come, and each version of its volumes replaces the one before."""

from datetime import UTC, datetime, timedelta

import pytest

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.images import Image
from medloop.catalogue.series import (
    Series,
    arrivals,
    finish_series,
    folders_of,
    get_series,
    note_schedule,
    open_series,
    overdue_series,
    slices_of,
    volumes_of,
)
from medloop.catalogue.uploads import Upload, accept_upload, register_upload

AT = datetime(2030, 1, 1, tzinfo=UTC)
ID = "5" * 32


def opened(catalogue: Catalogue) -> Series:
    row = Series(ID, "lungs", "images", None, "patient-1", AT)
    return catalogue.run(lambda conn: open_series(conn, row))


def slice_arrives(catalogue: Catalogue, number: int, at: datetime = AT) -> None:
    identity = f"{number:032x}"
    key = f"lungs/images/study/{number}.dcm"
    upload = Upload(identity, "b", key, "v", 1, "lungs", "images", at)
    image = Image(identity, "lungs", "images", None, "patient-1", "s", "p", identity, "{}", at)
    image = Image(**{**vars(image), "series": ID, "frames": "[{}]"})
    catalogue.run(lambda conn: register_upload(conn, upload))
    catalogue.run(lambda conn: accept_upload(conn, identity, image, at))


def volume(name: str) -> Image:
    return Image(name * 32, "lungs", "images", None, "patient-1", "s", "p", name, "{}", AT, series=ID)


def finish(catalogue: Catalogue, of: Series, *volumes: Image, slices: int = 2) -> bool:
    reason = None if volumes else "series_too_short"
    return catalogue.run(lambda conn: finish_series(conn, of, slices, volumes, (reason, "[]"), AT))


def current(catalogue: Catalogue) -> list[str]:
    return [row.id[0] for row in catalogue.read(lambda conn: volumes_of(conn, ID))]


def test_opening_it_again_changes_nothing(catalogue: Catalogue) -> None:
    assert opened(catalogue) == opened(catalogue)


def test_its_slices_and_folders_are_those_that_were_accepted(catalogue: Catalogue) -> None:
    opened(catalogue)
    for number in (2, 1):
        slice_arrives(catalogue, number, AT + timedelta(seconds=number))
    assert [int(row.id, 16) for row in catalogue.read(lambda conn: slices_of(conn, ID))] == [1, 2]
    assert catalogue.read(lambda conn: folders_of(conn, ID)) == ["lungs/images/study"]
    found = catalogue.read(lambda conn: arrivals(conn, ID))
    assert (found.slices, found.last_at) == (2, AT + timedelta(seconds=2))


def test_of_two_that_finish_it_one_counts(catalogue: Catalogue) -> None:
    series = opened(catalogue)
    assert finish(catalogue, series, volume("a"))
    assert not finish(catalogue, series, volume("b"))
    assert current(catalogue) == ["a"]


def test_a_later_version_replaces_the_volumes_before(catalogue: Catalogue) -> None:
    assert finish(catalogue, opened(catalogue), volume("a"), volume("b"))
    assert finish(catalogue, opened(catalogue), volume("b"), volume("c"))
    assert current(catalogue) == ["b", "c"]
    assert finish(catalogue, opened(catalogue), volume("a"))
    assert current(catalogue) == ["a"]
    row = catalogue.read(lambda conn: get_series(conn, ID))
    assert row is not None and (row.state, row.version) == ("assembled", 3)


def test_without_a_volume_it_is_refused_with_its_reason(catalogue: Catalogue) -> None:
    assert finish(catalogue, opened(catalogue))
    row = catalogue.read(lambda conn: get_series(conn, ID))
    assert row is not None and (row.state, row.reason) == ("refused", "series_too_short")


@pytest.mark.parametrize("scheduled", [True, False], ids=["its schedule is lost", "it never had one"])
def test_what_nobody_looked_at_is_found(catalogue: Catalogue, scheduled: bool) -> None:
    series = opened(catalogue)
    if scheduled:
        catalogue.run(lambda conn: note_schedule(conn, ID, AT + timedelta(hours=1)))
    due = AT + timedelta(hours=2)
    assert catalogue.read(lambda conn: overdue_series(conn, due))[0].id == ID
    finish(catalogue, series, volume("a"))
    assert catalogue.read(lambda conn: overdue_series(conn, due)) == []


def test_a_series_that_is_scheduled_later_is_not_overdue(catalogue: Catalogue) -> None:
    opened(catalogue)
    catalogue.run(lambda conn: note_schedule(conn, ID, AT + timedelta(hours=3)))
    assert catalogue.read(lambda conn: overdue_series(conn, AT + timedelta(hours=2))) == []
