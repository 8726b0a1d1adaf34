"""An object version is one upload, however many messages announce it at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.uploads import (
    Upload,
    known_versions,
    quarantine_upload,
    register_upload,
    upload_counts,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
UPLOAD = Upload("a" * 32, "uploads", "lungs/labelled/ok/1.png", "v1", 10, "lungs", "labelled", AT)


def test_eight_at_once_make_one_row(catalogue_secret: str, catalogue: Catalogue) -> None:
    def register(_: int) -> str:
        with open_catalogue(catalogue_secret) as own:
            return own.run(lambda conn: register_upload(conn, UPLOAD)).state

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(register, range(8)))

    assert states == ["received"] * 8
    assert catalogue.run(upload_counts) == {"received": 1}


def test_a_repeat_learns_what_became_of_it(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: register_upload(conn, UPLOAD))
    catalogue.run(lambda conn: quarantine_upload(conn, UPLOAD.id, "empty", {"bytes": 0}, AT))

    assert catalogue.run(lambda conn: register_upload(conn, UPLOAD)).state == "quarantined"


def test_known_versions_are_told_from_unknown_ones(catalogue: Catalogue) -> None:
    catalogue.run(lambda conn: register_upload(conn, UPLOAD))

    assert catalogue.run(lambda conn: known_versions(conn, [UPLOAD.id, "b" * 32])) == {UPLOAD.id}
