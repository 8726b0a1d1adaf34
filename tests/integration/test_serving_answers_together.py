"""Images that arrive while the network works share its next pass, and answer as if each were alone."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from medloop.rules.recipes import debug_pictures
from training.artefact import Description, Model
from training.data.preprocessing import Canvas
from training.desk import Desk
from training.finishing import Finishing
from training.network import build_network

CPU = torch.device("cpu")
HOW = Canvas(spatial_dims=2, channels=1, size=64)


class Watched(torch.nn.Module):
    """A network that notes how many images each pass had, waits to be let through, and stumbles over one."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = build_network(debug_pictures().network, HOW, 3)
        self.passes: list[int] = []
        self.through = threading.Event()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.through.wait(10)
        self.passes.append(len(images))
        if (images == -7).any():
            raise RuntimeError("this one is too much")
        answer: torch.Tensor = self.inner(images)
        return answer


@pytest.fixture
def network() -> Watched:
    torch.manual_seed(0)
    return Watched().eval()


@pytest.fixture
def desk(network: Watched) -> Iterator[Desk]:
    description = Description(
        project="shapes",
        model_version=1,
        task="classification",
        classes=("disc", "frame", "stripes"),
        dataset="d" * 64,
        recipe=debug_pictures().but(batch=8),
        preprocessing=HOW,
        finishing=Finishing(),
    )
    opened = Desk(Model(network, description), CPU)
    yield opened
    network.through.set()
    opened.close()


def canvases(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(1, 64, 64, generator=generator) for _ in range(count)]


def asked(desk: Desk, images: list[torch.Tensor], network: Watched) -> list[object]:
    """Every image's scores, or what went wrong; nothing passes before all are waiting."""

    def ask(image: torch.Tensor) -> object:
        arrived.release()
        try:
            return desk.scores(image)
        except RuntimeError as error:
            return str(error)

    arrived = threading.Semaphore(0)
    with ThreadPoolExecutor(len(images)) as threads:
        answers = [threads.submit(ask, image) for image in images]
        for _ in images:
            arrived.acquire()
        threading.Timer(0.2, network.through.set).start()
        return [answer.result() for answer in answers]


def test_what_waits_is_answered_in_passes_no_larger_than_the_recipes_batch(
    desk: Desk, network: Watched
) -> None:
    asked(desk, canvases(20), network)
    assert sum(network.passes) == 20
    assert max(network.passes) <= 8 and len(network.passes) <= 4


def test_each_gets_its_own_answer(desk: Desk, network: Watched) -> None:
    images = canvases(12)
    together = asked(desk, images, network)
    with torch.inference_mode():
        for image, found in zip(images, together, strict=True):
            assert isinstance(found, torch.Tensor)
            torch.testing.assert_close(found, network.inner(image[None])[0].double(), rtol=1e-4, atol=1e-5)


def test_an_image_that_cannot_be_answered_spoils_no_other(desk: Desk, network: Watched) -> None:
    images = canvases(6)
    images[3] = torch.full_like(images[3], -7)
    found = asked(desk, images, network)
    assert found[3] == "this one is too much"
    assert all(isinstance(one, torch.Tensor) for row, one in enumerate(found) if row != 3)
