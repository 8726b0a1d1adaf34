"""The catalogue secret names one database; for Aurora DSQL the sign-in is signed here, without a network."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from medloop.catalogue.secret import CatalogueSecret, dsql_parameters

ENDPOINT = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        f'{{"url": "postgresql:///", "dsql_endpoint": "{ENDPOINT}"}}',
        '{"uri": "postgresql:///"}',
        '{"url": "postgresql:///", "schema": "x; DROP"}',
    ],
)
def test_anything_but_one_place_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        CatalogueSecret.model_validate_json(text)


def test_dsql_is_signed_in_with_a_token_over_verified_tls() -> None:
    secret = CatalogueSecret(dsql_endpoint=ENDPOINT)
    found = dsql_parameters(secret)
    assert secret.dialect == "dsql"
    assert (found["host"], found["user"], found["sslmode"]) == (ENDPOINT, "admin", "verify-full")
    assert "Action=DbConnectAdmin" in found["password"] and "eu-west-1" in found["password"]
    assert "BEGIN CERTIFICATE" in Path(found["sslrootcert"]).read_text(encoding="utf-8")
    assert "region" not in found


def test_another_user_and_region_are_honoured() -> None:
    secret = CatalogueSecret(dsql_endpoint=ENDPOINT, region="us-east-1", user="medloop")
    found = dsql_parameters(secret)
    assert found["user"] == "medloop"
    assert "Action=DbConnect&" in found["password"] and "us-east-1" in found["password"]
