"""One laptop cloud for all end-to-end tests: the real template, deployed by the real SAM CLI, under IAM."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from local.cloud import laptop
from local.samples import write_samples
from local.state import Laptop
from medloop.cli.target import choose_laptop, connect
from medloop.settings import Settings
from tests.e2e import lumps as volumes
from tests.e2e.loop import Loop


@pytest.fixture(scope="session")
def cloud() -> Iterator[Laptop]:
    # Not under tmp_path: pytest closes its folders to the account that PostgreSQL runs as.
    with (
        tempfile.TemporaryDirectory(prefix="medloop-", ignore_cleanup_errors=True) as folder,
        laptop(Path(folder).resolve() / "cloud", fresh=True) as up,
    ):
        choose_laptop(up.home / "laptop.json")
        yield up


@pytest.fixture
def fail_webhooks(cloud: Laptop) -> Callable[[int, int], None]:
    """Let the webhook receiver answer the next posts with this status."""

    def fail(status: int, times: int) -> None:
        request = Request(f"{cloud.webhooks}/_fail?status={status}&times={times}", method="POST")
        urlopen(request).close()

    return fail


@pytest.fixture(scope="session")
def settings(cloud: Laptop) -> Settings:
    return connect()


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder, per_class=30, seed=1)
    return folder


@pytest.fixture(scope="session")
def shapes(settings: Settings, samples: Path) -> Loop:
    """A project whose first model was trained, promoted and is served."""
    loop = Loop(settings, "shapes")
    loop.create(("cross", "ring", "sphere"), epochs=3)
    loop.upload_labelled(samples / "labelled")
    loop.train()
    loop.wait_for_champion()
    return loop


@pytest.fixture(scope="session")
def lumps(settings: Settings) -> Loop:
    """The same for a segmentation of volumes."""
    return volumes.served(settings)
