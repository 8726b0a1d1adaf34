"""Refused uploads are listed, released and looked at again: singly or many, once or twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.secret import Connection
from medloop.catalogue.uploads import (
    Selection,
    Upload,
    count_quarantined,
    find_uploads,
    get_upload,
    ignore_upload,
    list_quarantined,
    quarantine_upload,
    register_upload,
    release_uploads,
    retry_uploads,
    settled_versions,
    upload_counts,
)
from medloop.rules.reasons import Reason

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
HELD = {
    "a1" + "0" * 30: ("lungs", "burned_in_review", AT),
    "a2" + "0" * 30: ("lungs", "truncated", LATER),
    "b1" + "0" * 30: ("knees", "burned_in_review", LATER),
}
TEXT, CUT, KNEE = HELD


@pytest.fixture
def held(catalogue: Catalogue) -> Catalogue:
    def hold(conn: Connection) -> None:
        for upload, (project, reason, at) in HELD.items():
            register_upload(conn, Upload(upload, "b", f"{project}/images/1", "v", 1, project, "images", AT))
            quarantine_upload(conn, upload, reason, {"frames": 3}, at)

    catalogue.run(hold)
    return catalogue


@pytest.mark.parametrize(
    ("of", "ids"),
    [
        (Selection(), {TEXT, CUT, KNEE}),
        (Selection(project="lungs"), {TEXT, CUT}),
        (Selection(reason="burned_in_review"), {TEXT, KNEE}),
        (Selection(project="lungs", reason="burned_in_review"), {TEXT}),
        (Selection(since=LATER), {CUT, KNEE}),
        (Selection(before=AT), {TEXT}),
        (Selection(id=KNEE), {KNEE}),
        (Selection(project="hips"), set()),
    ],
)
def test_the_quarantine_is_filtered(held: Catalogue, of: Selection, ids: set[str]) -> None:
    assert {row.id for row in held.read(lambda conn: list_quarantined(conn, of))} == ids
    assert sum(held.read(lambda conn: count_quarantined(conn, of)).values()) == len(ids)


def test_an_upload_is_found_by_how_its_id_begins(held: Catalogue) -> None:
    def found(prefix: str) -> list[str]:
        return [row.id for row in held.read(lambda conn: find_uploads(conn, prefix))]

    assert found("a1") == [TEXT] and found(TEXT) == [TEXT]
    assert found("a") == [TEXT, CUT] and found("c") == []


def test_a_released_upload_is_received_again_and_remembers_why(held: Catalogue) -> None:
    (row,) = held.run(lambda conn: release_uploads(conn, Selection(id=TEXT), LATER))
    assert row.state == "received" and row.reason is None and row.reviewed_at == LATER
    assert row.released_reasons == {Reason.BURNED_IN_REVIEW}
    assert held.read(lambda conn: get_upload(conn, TEXT)) == row


def test_releasing_twice_changes_nothing_more(held: Catalogue) -> None:
    held.run(lambda conn: release_uploads(conn, Selection(id=TEXT), LATER))
    assert held.run(lambda conn: release_uploads(conn, Selection(id=TEXT), LATER)) == []


def test_reasons_are_collected_each_once(held: Catalogue) -> None:
    for reason in ("burned_in_review", "uid_collision", "burned_in_review"):
        held.run(lambda conn, reason=reason: quarantine_upload(conn, TEXT, reason, {}, AT))
        held.run(lambda conn: release_uploads(conn, Selection(id=TEXT), LATER))
    row = held.read(lambda conn: get_upload(conn, TEXT))
    assert row is not None and row.released == "burned_in_review,uid_collision"


def test_what_nobody_may_overrule_is_not_released(held: Catalogue) -> None:
    released = held.run(lambda conn: release_uploads(conn, Selection(project="lungs"), LATER))
    assert [row.id for row in released] == [TEXT]
    assert held.run(lambda conn: release_uploads(conn, Selection(id=CUT), LATER)) == []


def test_anything_may_be_looked_at_again_and_nothing_is_overruled_by_that(held: Catalogue) -> None:
    again = held.run(lambda conn: retry_uploads(conn, Selection(project="lungs"), LATER))
    assert {row.id for row in again} == {TEXT, CUT}
    assert all(row.state == "received" and not row.released_reasons for row in again)
    assert held.read(upload_counts) == {"received": 2, "quarantined": 1}


def test_many_are_taken_page_by_page_and_those_refused_again_are_left_out(held: Catalogue) -> None:
    def retry() -> list[Upload]:
        return held.run(lambda conn: retry_uploads(conn, Selection(before=LATER), LATER, limit=2))

    assert len(retry()) == 2
    held.run(lambda conn: quarantine_upload(conn, TEXT, "truncated", {}, LATER + timedelta(seconds=1)))
    assert len(retry()) == 1
    assert retry() == []


def test_an_upload_is_settled_once_it_is_decided(held: Catalogue) -> None:
    waiting = Upload("c" * 32, "b", "k", "v", 1, "lungs", "images", AT)
    held.run(lambda conn: register_upload(conn, waiting))
    ids = [*HELD, waiting.id, "d" * 32]
    assert held.read(lambda conn: settled_versions(conn, ids)) == set(HELD)
    held.run(lambda conn: ignore_upload(conn, waiting.id, "unsupported_sop_class", AT, {"kind": "report"}))
    assert held.read(lambda conn: settled_versions(conn, ids)) == {*HELD, waiting.id}
    row = held.read(lambda conn: get_upload(conn, waiting.id))
    assert row is not None and row.details == '{"kind": "report"}'


def test_the_order_that_s3_gives_versions_is_kept(catalogue: Catalogue) -> None:
    first = Upload("a" * 32, "b", "k", "v1", 1, "lungs", "images", AT, sequencer="0055AED6DCD90281E5")
    assert catalogue.run(lambda conn: register_upload(conn, first)) == first
    repeated = catalogue.run(lambda conn: register_upload(conn, replace(first, sequencer=None)))
    assert repeated.sequencer == first.sequencer
