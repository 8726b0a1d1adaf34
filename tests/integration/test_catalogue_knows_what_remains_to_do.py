"""The lists that doors work through: samples, second chances, unanswered questions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.images import (
    Image,
    add_image,
    count_labels_since,
    get_image,
    predict_images_without_prediction,
    training_candidates,
)
from medloop.catalogue.predictions import finish_prediction, overdue_predictions, request_prediction
from medloop.catalogue.results import ResultRow, note_results, results_of, unwritten_predictions
from medloop.catalogue.secret import Connection
from medloop.catalogue.uploads import (
    Upload,
    accept_without_image,
    list_quarantined,
    quarantine_upload,
    register_upload,
    reopen_uploads,
    unfinished_uploads,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BASE = Image("a", "lungs", "labelled", "ok", "g", "content", "path", "sha", "{}", AT)


def test_copies_count_once_and_are_told_to_whoever_freezes(catalogue: Catalogue) -> None:
    def fill(conn: Connection) -> None:
        add_image(conn, replace(BASE, id="b", accepted_at=AT + HOUR))
        add_image(conn, replace(BASE, id="a", accepted_at=AT + 2 * HOUR))
        add_image(conn, replace(BASE, id="c", label="ill"))
        add_image(conn, replace(BASE, id="d", array_sha256="else"))
        add_image(conn, replace(BASE, id="e", project="hips"))
        add_image(conn, replace(BASE, id="f", purpose="predict", label=None))

    catalogue.run(fill)
    copy = catalogue.run(lambda conn: get_image(conn, "a"))
    assert copy is not None and copy.duplicate_of == "b"
    found = catalogue.run(lambda conn: training_candidates(conn, "lungs"))
    assert [(one.id, one.label) for one in found] == [("a", "ok"), ("b", "ok"), ("c", "ill"), ("d", "ok")]
    assert catalogue.run(lambda conn: count_labels_since(conn, "lungs", AT)) == 1
    assert catalogue.run(lambda conn: count_labels_since(conn, "lungs", AT - HOUR)) == 3


def test_slices_and_earlier_volumes_are_told_apart(catalogue: Catalogue) -> None:
    def fill(conn: Connection) -> None:
        add_image(conn, replace(BASE, id="slice", series="s", frames="[]"))
        add_image(conn, replace(BASE, id="volume", series="s", dims=3, array_sha256="v"))
        add_image(conn, replace(BASE, id="earlier", series="s", dims=3, array_sha256="e", superseded_by=2))

    catalogue.run(fill)
    found = {one.id: one for one in catalogue.run(lambda conn: training_candidates(conn, "lungs"))}
    assert {one.id for one in found.values() if one.is_slice} == {"slice"}
    assert {one.id for one in found.values() if one.is_superseded} == {"earlier"}
    assert catalogue.run(lambda conn: count_labels_since(conn, "lungs", AT - HOUR)) == 1


def test_images_that_a_version_was_never_asked_about_are_found(catalogue: Catalogue) -> None:
    def fill(conn: Connection) -> None:
        for image in "abc":
            add_image(conn, replace(BASE, id=image, purpose="predict", label=None))
        asked = replace(BASE, purpose="predict", label=None, series="s")
        add_image(conn, replace(asked, id="slice", frames="[]"))
        add_image(conn, replace(asked, id="former", superseded_by=2))
        request_prediction(conn, "p1", "lungs", "a", 1, AT)
        request_prediction(conn, "p2", "lungs", "b", 2, AT + HOUR)

    catalogue.run(fill)
    left = catalogue.run(lambda conn: predict_images_without_prediction(conn, "lungs", 1))
    assert [image.id for image in left] == ["b", "c"]
    first = catalogue.run(lambda conn: predict_images_without_prediction(conn, "lungs", 1, limit=1))
    assert [image.id for image in first] == ["b"]
    late = catalogue.run(lambda conn: overdue_predictions(conn, AT + HOUR))
    assert [prediction.id for prediction in late] == ["p1"]


def test_refused_uploads_get_a_second_chance_for_the_named_reasons(catalogue: Catalogue) -> None:
    def fill(conn: Connection) -> None:
        refusals = {
            "a": ("lungs", "unknown_project"),
            "b": ("lungs", "unknown_class"),
            "c": ("lungs", "empty"),
            "d": ("hips", "unknown_project"),
        }
        for upload, (project, reason) in refusals.items():
            register_upload(conn, Upload(upload, "b", upload, "v", 1, project, "labelled", AT))
            quarantine_upload(conn, upload, reason, {"bytes": 1}, AT)
        register_upload(conn, Upload("e", "b", "lungs/project.yaml", "v", 1, "lungs", "project", AT))
        accept_without_image(conn, "e", AT)

    catalogue.run(fill)
    reasons = {"unknown_project", "unknown_class"}
    reopened = catalogue.run(lambda conn: reopen_uploads(conn, "lungs", reasons))
    assert sorted((row.id, row.state, row.reason) for row in reopened) == [
        ("a", "received", None),
        ("b", "received", None),
    ]
    assert catalogue.run(lambda conn: reopen_uploads(conn, "lungs", reasons)) == []
    waiting = catalogue.run(lambda conn: unfinished_uploads(conn, AT + HOUR))
    assert [row.id for row in waiting] == ["a", "b"]
    refused = catalogue.run(list_quarantined)
    assert [(row.id, row.details) for row in refused] == [("c", '{"bytes": 1}'), ("d", '{"bytes": 1}')]


def test_answers_that_were_not_given_back_are_found_for_a_while(catalogue: Catalogue) -> None:
    def fill(conn: Connection) -> None:
        for name, hours in (("old", -30), ("late", -2), ("fresh", 0), ("written", -2)):
            request_prediction(conn, name, "lungs", name, 1, AT + hours * HOUR)
            finish_prediction(conn, name, "ok", 0.9, {"ok": 0.9}, "path", AT + hours * HOUR)
        request_prediction(conn, "unanswered", "lungs", "u", 1, AT - 2 * HOUR)
        row = ResultRow("written", "json", "path", "application/json", 2, "sha")
        note_results(conn, "written", [row], "[]", AT)

    catalogue.run(fill)
    found = catalogue.run(lambda conn: unwritten_predictions(conn, AT - 24 * HOUR, AT - HOUR))
    assert [one.id for one in found] == ["late"]


def test_results_written_again_are_noted_once(catalogue: Catalogue) -> None:
    rows = [ResultRow("p", "json", "path", "application/json", size, f"sha{size}") for size in (2, 3)]
    for row in rows:
        catalogue.run(lambda conn, row=row: note_results(conn, "p", [row], "[]", AT))  # type: ignore[misc]
    assert catalogue.run(lambda conn: results_of(conn, "p")) == [rows[1]]
