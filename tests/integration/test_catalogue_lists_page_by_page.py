"""Going from page to page shows every row once, also while rows are added at the front."""

from datetime import UTC, datetime, timedelta

import pytest

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.pages import Position, page_of_predictions, page_of_uploads
from medloop.catalogue.predictions import request_prediction
from medloop.catalogue.uploads import Upload, key_hash, quarantine_upload, register_upload

AT = datetime(2026, 1, 1, tzinfo=UTC)
PER_PAGE = 3


def upload(number: int, at: datetime, project: str = "lungs") -> Upload:
    return Upload(f"{number:032x}", "b", f"{project}/images/{number}", "v", 1, project, "images", at)


@pytest.fixture
def seven(catalogue: Catalogue) -> Catalogue:
    """Of one moment, all but one: only the id tells them apart."""
    for number in range(7):
        row = upload(number, AT if number else AT + timedelta(seconds=1))
        catalogue.run(lambda conn, row=row: register_upload(conn, row))  # type: ignore[misc]
    catalogue.run(lambda conn: register_upload(conn, upload(99, AT, "knees")))
    return catalogue


def test_every_upload_is_on_one_page(seven: Catalogue) -> None:
    seen: list[str] = []
    after: Position | None = None
    while True:
        rows = seven.read(lambda conn, after=after: page_of_uploads(conn, "lungs", after, PER_PAGE))  # type: ignore[misc]
        seen += [row.id for row in rows[:PER_PAGE]]
        if len(rows) <= PER_PAGE:
            break
        last = rows[PER_PAGE - 1]
        after = Position(last.received_at, last.id)
        late = upload(1000 + len(seen), AT + timedelta(days=1))
        seven.run(lambda conn, late=late: register_upload(conn, late))  # type: ignore[misc]
    assert sorted(seen) == [f"{number:032x}" for number in range(7)]
    assert seen[0] == f"{0:032x}"


def test_a_list_narrows_by_state_reason_and_file(seven: Catalogue) -> None:
    held = f"{3:032x}"
    seven.run(lambda conn: quarantine_upload(conn, held, "truncated", {}, AT))
    for narrowed in (
        {"state": "quarantined"},
        {"reason": "truncated"},
        {"files": [key_hash("lungs/images/3"), key_hash("knees/images/99")]},
    ):
        rows = seven.read(
            lambda conn, narrowed=narrowed: page_of_uploads(conn, "lungs", None, 10, **narrowed)  # type: ignore[misc]
        )
        assert [row.id for row in rows] == [held]


def test_predictions_are_listed_newest_first(catalogue: Catalogue) -> None:
    for number in range(3):
        catalogue.run(
            lambda conn, n=number: request_prediction(  # type: ignore[misc]
                conn, f"p{n}", "lungs", f"{n:032x}", 1, AT + timedelta(seconds=n)
            )
        )
    rows = catalogue.read(lambda conn: page_of_predictions(conn, "lungs", None, 10))
    assert [row.id for row in rows] == ["p2", "p1", "p0"]
