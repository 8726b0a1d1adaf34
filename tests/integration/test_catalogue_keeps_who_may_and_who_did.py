"""Grants, reviews and the audit trail, as they are stored."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread

from medloop.catalogue.audit import Trail, asked, whole_trail
from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.grants import grant, list_grants, projects_of, revoke, revoke_all
from medloop.catalogue.projects import create_project, get_project
from medloop.catalogue.reviews import Review, put_review, reviews_of
from medloop.rules.audit import Entry, flaws
from medloop.rules.project import Project

AT = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


def test_a_grant_is_given_once_and_taken_away(catalogue: Catalogue) -> None:
    assert catalogue.run(lambda conn: grant(conn, "rita", "lungs", "ada", AT))
    assert not catalogue.run(lambda conn: grant(conn, "rita", "lungs", "bob", AT))
    assert catalogue.read(lambda conn: projects_of(conn, "rita")) == {"lungs"}
    assert [row.granted_by for row in catalogue.read(list_grants)] == ["ada"]
    assert catalogue.run(lambda conn: revoke(conn, "rita", "lungs"))
    assert not catalogue.run(lambda conn: revoke(conn, "rita", "lungs"))


def test_whoever_comes_under_a_former_name_starts_with_nothing(catalogue: Catalogue) -> None:
    for project in ("lungs", "knees"):
        catalogue.run(lambda conn, p=project: grant(conn, "rita", p, "ada", AT))  # type: ignore[misc]
    assert catalogue.run(lambda conn: revoke_all(conn, "rita")) == 2
    assert catalogue.read(lambda conn: projects_of(conn, "rita")) == frozenset()


def test_a_project_is_created_by_one_person(catalogue: Catalogue) -> None:
    first = Project(project="lungs", classes=("a", "b"))
    second = Project(project="lungs", classes=("c", "d"))
    assert catalogue.run(lambda conn: create_project(conn, first, AT))
    assert not catalogue.run(lambda conn: create_project(conn, second, AT))
    assert catalogue.read(lambda conn: get_project(conn, "lungs")) == first


def test_a_reader_has_one_word_on_a_prediction(catalogue: Catalogue) -> None:
    for verdict, label in (("agree", None), ("disagree", "ring")):
        row = Review("p1", "rita", verdict, label, AT)  # type: ignore[arg-type]
        catalogue.run(lambda conn, row=row: put_review(conn, row))  # type: ignore[misc]
    other = Review("p1", "rob", "agree", None, AT)
    catalogue.run(lambda conn: put_review(conn, other))
    said = catalogue.read(lambda conn: reviews_of(conn, ["p1", "p2"]))
    assert {row.reader: (row.verdict, row.label) for row in said["p1"]} == {
        "rita": ("disagree", "ring"),
        "rob": ("agree", None),
    }
    assert "p2" not in said


def entry(number: int) -> Entry:
    return asked(AT, "ada", "admin", "get_image", "lungs", f"{number:032x}", "allowed", f"r{number}")


def record_many(catalogue: Catalogue, times: int) -> None:
    trail = Trail(catalogue)
    for number in range(times):
        trail.record(entry(number))


def test_the_trail_reads_back_whole(catalogue: Catalogue) -> None:
    record_many(catalogue, 3)
    record_many(catalogue, 2)
    rows = catalogue.read(whole_trail)
    assert len(rows) == 5
    assert list(flaws((row.entry, row.hash) for row in rows)) == []


def test_processes_that_write_at_a_time_do_not_break_it(catalogue: Catalogue, catalogue_secret: str) -> None:
    def at_once(work: Callable[[Catalogue], None]) -> None:
        with open_catalogue(catalogue_secret) as own:
            work(own)

    threads = [Thread(target=at_once, args=(lambda own: record_many(own, 20),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = catalogue.read(whole_trail)
    assert len(rows) == 80
    assert list(flaws((row.entry, row.hash) for row in rows)) == []


def test_a_row_changed_in_the_database_shows(catalogue: Catalogue) -> None:
    record_many(catalogue, 3)
    catalogue.run(lambda conn: conn.execute("UPDATE audit SET actor = 'nobody' WHERE number = 1"))
    rows = catalogue.read(whole_trail)
    assert list(flaws((row.entry, row.hash) for row in rows)) != []
