"""What is dumped and loaded elsewhere is the same catalogue, and the digest would tell if it were not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from medloop.catalogue.alerts import Alert, record_alert
from medloop.catalogue.audit import Trail, asked, whole_trail
from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.datasets import Dataset, add_dataset
from medloop.catalogue.dump import digest, digests, dump, is_empty, load, restore
from medloop.catalogue.grants import grant
from medloop.catalogue.images import Image
from medloop.catalogue.jobs import request_job, set_job_state
from medloop.catalogue.labels import record_labels
from medloop.catalogue.manifests import add_manifest_files
from medloop.catalogue.models import Model, add_model, promote
from medloop.catalogue.predictions import finish_prediction, request_prediction
from medloop.catalogue.projects import put_project
from medloop.catalogue.results import ResultRow, note_results
from medloop.catalogue.reviews import Review, put_review
from medloop.catalogue.schema import TABLES
from medloop.catalogue.secret import Connection
from medloop.catalogue.series import Series, open_series
from medloop.catalogue.sides import settle_sides
from medloop.catalogue.uploads import Upload, accept_upload, quarantine_upload, register_upload
from medloop.rules.audit import flaws
from medloop.rules.labels import Label
from medloop.rules.manifests import ManifestFile
from medloop.rules.project import Project

AT = datetime(2026, 1, 1, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
UPLOADS = 2500


def fill(conn: Connection) -> None:
    put_project(conn, Project(project="lungs", classes=("gesund ✓", "ill, 'very'")), AT)
    for number in range(UPLOADS):
        key = f"lungs/predict/Ünï \\ \" ' {number}\n.png"
        register_upload(conn, Upload(f"{number:032x}", "b", key, "null", 1, "lungs", "predict", AT))
    first, second = f"{0:032x}", f"{1:032x}"
    accept_upload(
        conn, first, Image(first, "lungs", "predict", None, "g", "c", "p", "s", '{"rows": 1}', AT), AT
    )
    quarantine_upload(conn, second, "empty", {"bytes": 0}, AT)
    add_manifest_files(conn, "m", "lungs/predict/", [ManifestFile("1.png", "s"), ManifestFile("2.png")])
    open_series(conn, Series("s", "lungs", "images", None, "g", AT))
    record_labels(conn, [Label("l", "lungs", "class", "Ünï 1.png", first, AT, AT, line=2, value="ill")])
    settle_sides(conn, "lungs", {"g": "test"}, AT)
    add_dataset(conn, Dataset("d" * 64, "lungs", 10, "{}", AT))
    request_job(conn, "job", "lungs", "d" * 64, "person", AT)
    set_job_state(conn, "job", "completed", AT, evaluation="{}")
    for version in range(1, 4):
        add_model(conn, Model("lungs", version, "job", "path", "{}", AT, state="approved"))
    promote(conn, "lungs", 2, AT)
    request_prediction(conn, "p", "lungs", first, 2, AT)
    finish_prediction(conn, "p", "ok", 0.1 + 0.2, {"ok": 0.1 + 0.2}, "p.json", AT)
    note_results(conn, "p", [ResultRow("p", "json", "p/result.json", "application/json", 2, "sha")], "[]", AT)
    record_alert(conn, Alert("a", "errors", "critical", "too many", None, "ALARM", AT))
    grant(conn, "rita", "lungs", "ada", AT)
    put_review(conn, Review("p", "rita", "disagree", "ill, 'very'", AT))


def record(trail: Trail) -> None:
    for number in range(3):
        trail.record(asked(AT, "rita", "medical-reader", "get_image", "lungs", None, "allowed", f"{number}"))


@pytest.fixture
def drill(catalogue: Catalogue) -> Iterator[Catalogue]:
    with catalogue.elsewhere("drill_1") as elsewhere:
        yield elsewhere
        elsewhere.drop()


def test_a_drill_in_another_schema_finds_every_row_again(catalogue: Catalogue, drill: Catalogue) -> None:
    catalogue.run(fill)
    record(Trail(catalogue))
    dumped = catalogue.read(lambda conn: {table: list(lines) for table, lines in dump(conn).items()})
    assert {table for table, lines in dumped.items() if lines} == set(TABLES)
    assert drill.read(is_empty)

    for table, lines in dumped.items():
        assert restore(drill, table, lines) == len(lines)

    found = drill.read(digests)
    assert found == catalogue.read(digests)
    assert found == {table: digest(reversed(lines)) for table, lines in dumped.items()}
    assert found["uploads"].rows == UPLOADS
    assert not list(flaws((row.entry, row.hash) for row in drill.read(whole_trail)))
    assert not drill.read(is_empty)


def test_who_looked_at_an_empty_catalogue_does_not_fill_it(catalogue: Catalogue) -> None:
    record(Trail(catalogue))
    assert catalogue.read(is_empty)


def test_an_interrupted_restore_may_be_repeated(catalogue: Catalogue, drill: Catalogue) -> None:
    catalogue.run(fill)
    lines = catalogue.read(lambda conn: list(dump(conn)["models"]))
    drill.run(lambda conn: load(conn, "models", lines[:2]))
    assert restore(drill, "models", lines) == 1
    assert drill.read(digests)["models"] == digest(lines)


def test_one_changed_value_changes_the_digest(catalogue: Catalogue) -> None:
    catalogue.run(fill)
    before = catalogue.read(digests)
    catalogue.run(lambda conn: promote(conn, "lungs", 3, AT.astimezone(UTC)))
    after = catalogue.read(digests)
    assert {table for table in TABLES if before[table] != after[table]} == {"projects", "models"}


def test_a_dump_is_one_moment_even_while_others_write(catalogue: Catalogue, catalogue_secret: str) -> None:
    catalogue.run(fill)
    with open_catalogue(catalogue_secret) as writer:

        def slow(conn: Connection) -> list[str]:
            tables = dump(conn)
            next(tables["projects"])
            writer.run(lambda other: record_alert(other, Alert("b", "n", "info", "s", None, "OK", AT)))
            return list(tables["alerts"])

        assert len(catalogue.read(slow)) == 1
    assert catalogue.read(digests)["alerts"].rows == 2
