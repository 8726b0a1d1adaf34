"""What the database says about a row never carries what the row holds."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from traceback import format_exception
from typing import Any

import pytest
from pydantic import ValidationError

from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.errors import CatalogueError
from medloop.catalogue.uploads import Upload, register_upload

AT = datetime(2026, 1, 1, tzinfo=UTC)
UPLOAD = Upload("a" * 32, "b", "lungs/labelled/ok/MILLER_ANNA.dcm", "v", 1, "lungs", "labelled", AT)


@pytest.mark.parametrize(
    "wrong",
    [{"bucket": None}, {"size": 2**70}, {"size": "MILLER"}, {"key": "MILLER\x00ANNA"}],
    ids=["missing", "too large", "not a number", "unstorable"],
)
def test_a_refused_row_is_not_quoted(catalogue: Catalogue, wrong: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError) as raised:
        catalogue.run(lambda conn: register_upload(conn, replace(UPLOAD, **wrong)))
    assert "MILLER" not in "".join(format_exception(raised.value))


def test_our_own_mistakes_in_sql_are_told_in_full(catalogue: Catalogue) -> None:
    with pytest.raises(CatalogueError, match='column "nothing" does not exist'):
        catalogue.run(lambda conn: conn.execute("SELECT nothing FROM uploads"))


def test_reading_refuses_to_write(catalogue: Catalogue) -> None:
    with pytest.raises(CatalogueError, match="ReadOnly"):
        catalogue.read(lambda conn: register_upload(conn, UPLOAD))
    assert catalogue.run(lambda conn: register_upload(conn, UPLOAD)).state == "received"


@pytest.mark.parametrize("secret", ['{"url": "postgresql://u:MILLER@h/d', json.dumps({"urls": "MILLER"})])
def test_a_broken_secret_is_not_quoted(secret: str) -> None:
    with pytest.raises(ValidationError) as raised:
        open_catalogue(secret)
    assert "MILLER" not in str(raised.value)
