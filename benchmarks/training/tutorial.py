"""MONAI's MedNIST tutorial, written out plainly: its network, optimiser, batch, transforms and loader.

After Project-MONAI/tutorials, 2d_classification/mednist_tutorial.ipynb.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from monai.networks.nets.densenet import DenseNet121
from monai.transforms import (
    Compose,
    EnsureChannelFirst,
    LoadImage,
    RandFlip,
    RandRotate,
    RandZoom,
    ScaleIntensity,
)
from torch.utils.data import DataLoader, Dataset

from benchmarks.training.clock import Clock

BATCH, LEARNING_RATE, EPOCHS = 300, 1e-5, 4

Pairs = list[tuple[str, int]]


def run(folder: Path, device: torch.device, workers: int, stop: Callable[[Clock], bool]) -> dict[str, Any]:
    """Until `stop` says so after a look at the validation images."""
    clock = Clock()
    kinds = sorted(entry.name for entry in (folder / "train").iterdir())
    plain = Compose([LoadImage(image_only=True), EnsureChannelFirst(), ScaleIntensity()])
    random = Compose(
        [
            *plain.transforms,
            RandRotate(range_x=15 * torch.pi / 180, prob=0.5, keep_size=True),
            RandFlip(spatial_axis=0, prob=0.5),
            RandZoom(min_zoom=0.9, max_zoom=1.1, prob=0.5),
        ]
    )
    loaders = {
        side: DataLoader(
            Images(pairs(folder / side, kinds), random if side == "train" else plain),
            batch_size=BATCH,
            shuffle=side == "train",
            num_workers=workers,
        )
        for side in ("train", "val", "test")
    }
    network = DenseNet121(spatial_dims=2, in_channels=1, out_channels=len(kinds)).to(device)
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    while True:
        network.train()
        for images, truth in loaders["train"]:
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(images.to(device)), truth.to(device))
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        clock.note(accuracy(network, loaders["val"], device))
        if stop(clock):
            break
    return {"rows": clock.rows, "test": accuracy(network, loaders["test"], device)}


class Images(Dataset[tuple[Any, int]]):
    """As in the tutorial: a pair of image and class, made anew each time it is asked for."""

    def __init__(self, pairs: Pairs, transform: Compose) -> None:
        self._pairs, self._transform = pairs, transform

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        file, label = self._pairs[index]
        return self._transform(file), label


def pairs(folder: Path, kinds: list[str]) -> Pairs:
    return [
        (str(file), label)
        for label, kind in enumerate(kinds)
        for file in sorted((folder / kind).glob("*.jpeg"))
    ]


@torch.no_grad()
def accuracy(network: torch.nn.Module, loader: "DataLoader[Any]", device: torch.device) -> float:
    network.eval()
    right = total = 0
    for images, truth in loader:
        right += int((network(images.to(device)).argmax(1).cpu() == truth).sum())
        total += len(truth)
    return right / total
