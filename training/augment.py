"""Random changes of a batch, on the device it lies on, from a generator so that they can be repeated."""

import math

import torch
import torch.nn.functional as F

from training.recipes import Augmentation


def augment(batch: torch.Tensor, how: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """Rotate, zoom, shift and change contrast, each chosen image its own way; values stay in 0..1.

    The generator lives on the CPU: the draws are then the same on every device.
    """

    changed = torch.rand(len(batch), generator=generator) < how.share

    def draw(spread: float) -> torch.Tensor:
        return (torch.rand(len(batch), generator=generator) * 2 - 1) * spread * changed

    angle, zoom = draw(math.radians(how.degrees)), 1 + draw(how.zoom)
    cosine, sine = angle.cos() * zoom, angle.sin() * zoom
    rows = (cosine, -sine, draw(how.shift), sine, cosine, draw(how.shift))
    affine = torch.stack(rows, dim=1).view(-1, 2, 3).to(batch.device)
    grid = F.affine_grid(affine, list(batch.shape), align_corners=False)
    moved = F.grid_sample(batch, grid, padding_mode="zeros", align_corners=False)
    slope = (1 + draw(how.contrast)).view(-1, 1, 1, 1).to(batch.device)
    level = draw(how.contrast).view(-1, 1, 1, 1).to(batch.device)
    return ((moved - 0.5) * slope + 0.5 + level).clamp(0, 1)
