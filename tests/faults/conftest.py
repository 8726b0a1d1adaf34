"""One laptop cloud for all fault tests: the real template, and functions that follow a plan of faults."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import images
from benchmarks.books import Books
from benchmarks.stage import Stage, staged
from local.faults import Faults

SCALE = float(os.environ.get("MEDLOOP_FAULT_SCALE", "1"))
"""How many times as many objects as in a quick run."""


def scaled(count: int) -> int:
    return max(1, round(count * SCALE))


@pytest.fixture(scope="package")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Faults:
    return Faults(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="package")
def stage(faults: Faults) -> Iterator[Stage]:
    # Not under tmp_path: pytest closes its folders to the account that PostgreSQL runs as.
    with (
        tempfile.TemporaryDirectory(prefix="medloop-", ignore_cleanup_errors=True) as folder,
        staged(Path(folder).resolve() / "cloud", faults.folder, workers=4) as up,
    ):
        yield up


@pytest.fixture
def books(stage: Stage, faults: Faults, request: pytest.FixtureRequest) -> Iterator[Books]:
    """A project of the test's own, whose accounts must be in order at the end; calm before and after."""
    faults.stop()
    faults.forget()
    name = request.node.name.split("[")[0].removeprefix("test_").replace("_", "-")[:20].strip("-")
    opened = Books(stage, f"{name}-{abs(hash(request.node.name)) % 10_000}")
    stage.create_project(opened.project)
    yield opened
    faults.stop()


@pytest.fixture(scope="session")
def slices() -> list[bytes]:
    """Small images, no two alike."""
    return list(images.small_mr(scaled(60), seed=7))


@pytest.fixture(scope="package")
def home(stage: Stage) -> Path:
    return stage.cloud.home
