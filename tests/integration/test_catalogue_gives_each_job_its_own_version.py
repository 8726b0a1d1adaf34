"""A model version belongs to one job, under retries and under concurrency."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.jobs import Job, latest_job, list_jobs, next_model_version, request_job
from medloop.catalogue.projects import put_project
from medloop.rules.project import Project

AT = datetime(2026, 1, 1, tzinfo=UTC)
DATASET = "d" * 64


@pytest.fixture
def lungs(catalogue: Catalogue) -> Catalogue:
    project = Project(project="lungs", classes=("ok", "ill"))
    catalogue.run(lambda conn: put_project(conn, project, AT))
    return catalogue


def requested(catalogue: Catalogue, name: str) -> Job:
    return catalogue.run(lambda conn: request_job(conn, name, "lungs", DATASET, "person", AT))


def test_eight_jobs_requested_at_once_get_eight_versions(lungs: Catalogue, catalogue_secret: str) -> None:
    def request(number: int) -> int:
        with open_catalogue(catalogue_secret) as own:
            return requested(own, f"job-{number}").model_version

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(request, range(8))) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_one_job_requested_by_eight_at_once_gets_one_version(lungs: Catalogue, catalogue_secret: str) -> None:
    def request(_: int) -> int:
        with open_catalogue(catalogue_secret) as own:
            return requested(own, "job").model_version

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(request, range(8))) == [1] * 8
    assert len(lungs.run(list_jobs)) == 1


def test_a_repeated_request_keeps_its_version(lungs: Catalogue) -> None:
    first = requested(lungs, "a")
    requested(lungs, "b")

    assert requested(lungs, "a") == first
    assert lungs.run(lambda conn: next_model_version(conn, "lungs")) == 3
    assert lungs.run(lambda conn: latest_job(conn, "hips")) is None
