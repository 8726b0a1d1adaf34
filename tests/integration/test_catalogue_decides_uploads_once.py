"""Whatever messages come in whatever order: an upload is decided once, and every upload is counted once."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.images import Image, image_counts
from medloop.catalogue.secret import Connection
from medloop.catalogue.uploads import (
    Upload,
    accept_upload,
    accept_without_image,
    get_upload,
    ignore_upload,
    quarantine_upload,
    register_upload,
    reopen_uploads,
    upload_counts,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
IDS = ["0" * 32, "1" * 32]
OUTCOMES = {"accept": "accepted", "file": "accepted", "quarantine": "quarantined", "ignore": "ignored"}
STEPS = st.lists(
    st.tuples(st.sampled_from([*OUTCOMES, "register", "reopen"]), st.sampled_from(IDS)), max_size=12
)


class Undo(Exception):
    """Ends a transaction that was only tried."""


def image(upload: str) -> Image:
    return Image(upload, "lungs", "predict", None, "g", upload, "p", "s", "{}", AT)


def take(conn: Connection, step: str, upload: str) -> None:
    match step:
        case "register":
            register_upload(conn, Upload(upload, "b", "k", "v", 1, "lungs", "predict", AT))
        case "accept":
            accept_upload(conn, upload, image(upload), AT)
        case "file":
            accept_without_image(conn, upload, AT)
        case "quarantine":
            quarantine_upload(conn, upload, "unknown_project", {}, AT)
        case "ignore":
            ignore_upload(conn, upload, "folder", AT)
        case "reopen":
            reopen_uploads(conn, "lungs", {"unknown_project"})


def expected(state: dict[str, str], step: str, upload: str) -> dict[str, str]:
    if step == "register":
        return {upload: "received", **state}
    if step == "reopen":
        return {one: "received" if now == "quarantined" else now for one, now in state.items()}
    return {**state, upload: OUTCOMES[step]} if state.get(upload) == "received" else state


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(steps=STEPS)
def test_every_order_of_messages_ends_as_the_rules_say(
    catalogue: Catalogue, steps: list[tuple[str, str]]
) -> None:
    def work(conn: Connection) -> None:
        state: dict[str, str] = {}
        pictured: set[str] = set()
        for step, upload in steps:
            if step == "accept" and state.get(upload) == "received":
                pictured.add(upload)
            take(conn, step, upload)
            state = expected(state, step, upload)
            assert {id: row.state for id in IDS if (row := get_upload(conn, id))} == state
        assert sum(upload_counts(conn, "lungs").values()) == len(state)
        assert image_counts(conn) == ({"predict": len(pictured)} if pictured else {})
        raise Undo

    with suppress(Undo):
        catalogue.run(work)


def test_accepting_twice_gives_the_same_image(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: take(conn, "register", IDS[0]))
    first = catalogue.run(lambda conn: accept_upload(conn, IDS[0], image(IDS[0]), AT))
    again = replace(image(IDS[0]), array_sha256="other")
    assert first == image(IDS[0])
    assert catalogue.run(lambda conn: accept_upload(conn, IDS[0], again, AT)) == first


def test_a_refused_upload_is_not_accepted_behind_its_back(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: take(conn, "register", IDS[0]))
    catalogue.run(lambda conn: take(conn, "quarantine", IDS[0]))
    assert catalogue.run(lambda conn: accept_upload(conn, IDS[0], image(IDS[0]), AT)) is None
    assert catalogue.run(image_counts) == {}
