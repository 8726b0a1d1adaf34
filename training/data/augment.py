"""Random changes of a batch, on the device it lies on.

What happens to each image is drawn beforehand, on the CPU and for the whole batch of all processes: the
draws are then the same on every device, and however the batch is dealt to processes and parts.
"""

import math
from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F

from medloop.rules.recipe import Augmentation


@dataclass(frozen=True, eq=False)
class Draws:
    """The random changes of a batch; the first axis of each tensor is the image."""

    affine: torch.Tensor
    """[image, dims, dims + 1], from output to input coordinates in -1..1, as affine_grid takes it."""
    slope: torch.Tensor
    level: torch.Tensor
    gamma: torch.Tensor
    noise: torch.Tensor
    """Standard deviations."""
    seeds: torch.Tensor
    """Of each image's noise."""
    hole: torch.Tensor
    """[image, dims, 2]: middle and half width along each axis, in -1..1, of a box that is blanked."""

    def of(self, rows: torch.Tensor) -> Self:
        """The draws of some of the images."""
        return type(self)(**{name: values[rows] for name, values in vars(self).items()})


def draw(count: int, shape: tuple[int, ...], how: Augmentation, generator: torch.Generator) -> Draws:
    """Changes for `count` images, or patches, of this shape without channels.

    Args:
        generator: of the CPU.
    """
    changed = torch.rand(count, generator=generator) < how.share

    def within(spread: float, columns: int = 1) -> torch.Tensor:
        values = (torch.rand(count, columns, generator=generator) * 2 - 1) * spread
        return values * changed[:, None]

    dims = len(shape)
    turn = _rotation(within(math.radians(how.degrees), 1 if dims == 2 else 3))
    matrix = turn @ _shear(within(how.shear, dims * (dims - 1) // 2), dims)
    matrix = matrix * (1 + within(how.zoom))[:, :, None] * (1 + within(how.aspect, dims))[:, None, :]
    if how.flip:
        mirrored = 1 - 2 * (torch.rand(count, generator=generator) < 0.5).float()
        matrix = matrix * torch.stack([mirrored, *[torch.ones(count)] * (dims - 1)], 1)[:, None, :]
    # affine_grid counts axes from the last one, each from -1 to 1: sides of unequal length need scaling.
    sides = torch.tensor(shape[::-1], dtype=torch.float32)
    matrix = matrix * sides[None, None, :] / sides[None, :, None]
    return Draws(
        affine=torch.cat([matrix, within(how.shift, dims)[:, :, None]], 2),
        slope=1 + within(how.contrast)[:, 0],
        level=within(how.contrast)[:, 0],
        gamma=within(how.gamma)[:, 0].exp(),
        noise=within(how.noise)[:, 0].abs(),
        seeds=torch.randint(2**62, (count,), generator=generator),
        hole=torch.stack([within(1.0, dims), within(how.cutout, dims).abs()], 2),
    )


def _shear(slants: torch.Tensor, dims: int) -> torch.Tensor:
    """[image, dims, dims]: how much each axis leans over for one unit along a later one."""
    leaning = torch.eye(dims).repeat(len(slants), 1, 1)
    rows, columns = torch.triu_indices(dims, dims, 1)
    leaning[:, rows, columns] = slants
    return leaning


def _rotation(angles: torch.Tensor) -> torch.Tensor:
    """[image, dims, dims] of one angle (in the plane) or three (about each axis), in radians."""
    if angles.shape[1] == 1:
        cosine, sine = angles[:, 0].cos(), angles[:, 0].sin()
        return torch.stack([cosine, -sine, sine, cosine], 1).view(-1, 2, 2)
    turn = torch.eye(3).expand(len(angles), 3, 3)
    for axis in range(3):
        one, other = (plane for plane in range(3) if plane != axis)
        cosine, sine = angles[:, axis].cos(), angles[:, axis].sin()
        about = torch.eye(3).repeat(len(angles), 1, 1)
        about[:, one, one], about[:, one, other] = cosine, -sine
        about[:, other, one], about[:, other, other] = sine, cosine
        turn = turn @ about
    return turn


def augment(
    images: torch.Tensor, draws: Draws, masks: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Images [image, channel, *spatial] of values in 0..1, and their masks [image, *spatial], changed alike.

    Values stay in 0..1, and a mask's values are only ever moved. What lies beyond an edge is taken to be as
    the edge is: zeros there would be a border that no image has.
    """
    device = images.device
    grid = F.affine_grid(draws.affine.to(device), list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    if masks is not None:
        own = masks[:, None].float()
        own = F.grid_sample(own, grid, mode="nearest", padding_mode="border", align_corners=False)
        masks = own[:, 0].long()

    def each(values: torch.Tensor) -> torch.Tensor:
        return values.to(device).view(-1, *[1] * (images.dim() - 1))

    changed = ((moved - 0.5) * each(draws.slope) + 0.5 + each(draws.level)).clamp(0, 1)
    if (draws.gamma != 1).any():
        changed = changed.clamp(min=1e-6) ** each(draws.gamma)
    if (draws.noise > 0).any():
        changed = (changed + each(draws.noise) * _noise(changed, draws.seeds)).clamp(0, 1)
    if (draws.hole[..., 1] > 0).any():
        blank = changed.mean(tuple(range(1, changed.dim())), keepdim=True)
        changed = torch.where(_inside(changed, draws.hole.to(device)), blank, changed)
    return changed, masks


def _inside(like: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
    """[image, 1, *spatial]: which places lie in the image's box."""
    inside = torch.ones(len(hole), 1, *[1] * (like.dim() - 2), dtype=torch.bool, device=like.device)
    for axis, side in enumerate(like.shape[2:]):
        places = torch.linspace(-1, 1, side, device=like.device)
        apart = (places[None] - hole[:, axis, :1]).abs() < hole[:, axis, 1:]
        inside = inside & apart.view(
            len(hole), 1, *[side if other == axis else 1 for other in range(like.dim() - 2)]
        )
    return inside


def _noise(like: torch.Tensor, seeds: torch.Tensor) -> torch.Tensor:
    """Each image's own, whichever process it falls to."""
    generator = torch.Generator(like.device)
    parts = []
    for seed in seeds.tolist():
        generator.manual_seed(seed)
        parts.append(torch.randn(like.shape[1:], generator=generator, device=like.device))
    return torch.stack(parts)
