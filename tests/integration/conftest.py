"""A PostgreSQL of the test run's own, and an empty catalogue in it for each test."""

import json
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import postgres
from medloop.catalogue.connection import Catalogue, open_catalogue


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    # Not under tmp_path: pytest closes its folders to the account that the server runs as.
    with tempfile.TemporaryDirectory(prefix="medloop-") as folder:
        yield postgres.start(Path(folder), durable=False)
        postgres.stop(Path(folder))


@pytest.fixture
def catalogue_secret(postgres_url: str) -> Iterator[str]:
    """Secret text that names an empty catalogue; every process that opens it shares the tables."""
    secret = json.dumps({"url": postgres_url, "schema": f"test_{uuid.uuid4().hex}"})
    yield secret
    with open_catalogue(secret) as catalogue:
        catalogue.drop()


@pytest.fixture
def catalogue(catalogue_secret: str) -> Iterator[Catalogue]:
    with open_catalogue(catalogue_secret) as opened:
        yield opened
