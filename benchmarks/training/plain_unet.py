"""A volume segmentation as MONAI's tutorials write it: UNet, Dice loss, Adam, cached data, random crops on
the CPU, a sliding window to validate.

After Project-MONAI/tutorials, 3d_segmentation/spleen_segmentation_3d.ipynb, its crops fitted to small images.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from monai.data.dataset import CacheDataset
from monai.data.utils import list_data_collate
from monai.inferers.utils import sliding_window_inference
from monai.losses.dice import DiceLoss
from monai.networks.nets.unet import UNet
from monai.transforms import (
    Compose,
    EnsureChannelFirstd,
    LoadImaged,
    NormalizeIntensityd,
    Orientationd,
    RandCropByPosNegLabeld,
    SpatialPadd,
)
from torch.utils.data import DataLoader

from benchmarks.training.clock import Clock
from benchmarks.training.sets import Sides

STRUCTURES = 2
CROP = (32, 32, 32)
BATCH, CROPS, LEARNING_RATE = 2, 4, 1e-4
LOOK_EVERY = 2
"""Epochs, as in the tutorial."""


def run(sides: Sides, device: torch.device, workers: int, stop: Callable[[Clock], bool]) -> dict[str, Any]:
    """Until `stop` says so after a look at the validation images."""
    clock = Clock()
    keys = ("image", "label")
    plain = [
        LoadImaged(keys),
        EnsureChannelFirstd(keys),
        Orientationd(keys, axcodes="RAS", labels=None),
        NormalizeIntensityd("image"),
        SpatialPadd(keys, CROP),
    ]
    crops = RandCropByPosNegLabeld(keys, "label", CROP, pos=1, neg=1, num_samples=CROPS, image_key="image")
    cached = {
        side: CacheDataset(
            [{"image": image, "label": mask} for image, mask in files],
            Compose([*plain, crops] if side == "train" else plain),
            num_workers=workers or 1,
            progress=False,
        )
        for side, files in sides.items()
    }
    loader = DataLoader(
        cached["train"], batch_size=BATCH, shuffle=True, num_workers=workers, collate_fn=list_data_collate
    )
    network = UNet(
        spatial_dims=3,
        in_channels=1,
        out_channels=STRUCTURES + 1,
        channels=(16, 32, 64, 128, 256),
        strides=(2, 2, 2, 2),
        num_res_units=2,
        norm="batch",
    ).to(device)
    loss_of = DiceLoss(to_onehot_y=True, softmax=True)
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    epoch = 0
    while True:
        network.train()
        for batch in loader:
            optimiser.zero_grad()
            loss = loss_of(network(batch["image"].to(device)), batch["label"].to(device))
            loss.backward()
            optimiser.step()
        epoch += 1
        if epoch % LOOK_EVERY == 0:
            clock.note(mean_dice(network, cached["validation"], device))
            if stop(clock):
                break
    return {"rows": clock.rows, "test": mean_dice(network, cached["test"], device), "epochs": epoch}


@torch.no_grad()
def mean_dice(network: torch.nn.Module, cases: CacheDataset, device: torch.device) -> float:
    """Over cases, of the mean over the structures."""
    network.eval()
    found = []
    for case in cases:
        image = case["image"][None].to(device)
        scores = sliding_window_inference(image, CROP, 4, network, overlap=0.25)
        own, truth = torch.as_tensor(scores).argmax(1)[0].cpu(), torch.as_tensor(case["label"])[0].long()
        found.append([_dice(own == kind, truth == kind) for kind in range(1, STRUCTURES + 1)])
    return float(np.mean(found))


def _dice(own: torch.Tensor, truth: torch.Tensor) -> float:
    both = int(own.sum() + truth.sum())
    return 2 * int((own & truth).sum()) / both if both else 1.0
