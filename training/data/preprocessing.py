"""What a model expects of an image; it travels with the model, so that serving does what training did."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, cast

import nibabel
import numpy as np
import torch
import torch.nn.functional as F
from nibabel import orientations
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from training.data.arrays import Scan

SAME_SPACING = 1e-3
"""Relative: closer than this, nothing is resampled."""

MOST_ENLARGED = 8.0
"""Times along one side: what asks for more has a wrong header."""

LINEAR: dict[int, str] = {2: "bilinear", 3: "trilinear"}


@dataclass(frozen=True, eq=False)
class Prepared:
    """An image as a network takes it, and the way back."""

    values: torch.Tensor
    """[channel, *spatial], float32, the bulk of the values in 0..1."""
    turn: NDArray[np.float64] | None
    """nibabel's orientation of the axes that the image came with; None for pictures."""
    turned: tuple[int, ...]
    """The image's shape after turning, before resampling."""
    resampled: tuple[int, ...]
    """The shape after resampling, before padding."""


class Intensities(BaseModel):
    """Values between two bounds become 0..1; some headroom above and below is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: tuple[float, float] | None = None
    """The same for every image, where all share a scale (Hounsfield units); None: each image's own
    percentiles, whatever its scale."""
    low_percentile: float = Field(default=0.5, ge=0, le=100)
    high_percentile: float = Field(default=99.5, ge=0, le=100)

    def spread(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Clipped to 0..1; a constant image becomes zeros."""
        low, high = self.window or self._bounds(values)
        if low >= high:
            return np.zeros_like(values)
        return cast(NDArray[np.float32], np.clip((values - low) / np.float32(high - low), 0, 1))

    def _bounds(self, values: NDArray[np.float32]) -> tuple[float, float]:
        low, high = np.percentile(values, (self.low_percentile, self.high_percentile))
        if low == high:  # nearly all background: the few other pixels are the picture
            low, high = values.min(), values.max()
        return float(low), float(high)


class Canvas(BaseModel):
    """For classification: the whole image on a square or cube, shapes keep their ratio."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["canvas"] = "canvas"
    spatial_dims: Literal[2, 3]
    channels: Literal[1, 3]
    size: int = Field(ge=1)
    """Pixels along each side; the longer side fills it, the others are padded."""
    intensities: Intensities = Intensities()

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.size,) * self.spatial_dims

    def prepare(self, scan: Scan) -> Prepared:
        scan, turn = _upright(scan)
        extent = np.array(scan.shape) * spacing_of(scan)
        sides = np.maximum(1, np.rint(extent * self.size / extent.max())).astype(int)
        values = _resized(_channels(scan.values, self.channels), tuple(int(side) for side in sides))
        spread = torch.from_numpy(self.intensities.spread(values.numpy()))
        return Prepared(padded(spread, self.shape), turn, scan.shape, tuple(spread.shape[1:]))

    def explanation(self) -> tuple[str, ...]:
        where = (
            "along its longest side, in millimetres," if self.spatial_dims == 3 else "along its longer side"
        )
        return (f"Every image is scaled to {self.size} values {where} and padded.", _about(self.intensities))


class Grid(BaseModel):
    """For segmentation: every image at the same spacing, cut into patches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["grid"] = "grid"
    spatial_dims: Literal[2, 3]
    channels: Literal[1, 3]
    spacing: tuple[float, ...] | None
    """Millimetres along each axis, right-left, posterior-anterior, inferior-superior; None for pictures,
    which are taken pixel by pixel."""
    patch: tuple[int, ...]
    """Voxels along each axis: what the network sees at a time."""
    batch: int = Field(ge=1)
    """Patches per step."""
    intensities: Intensities = Intensities()
    reasons: tuple[str, ...] = ()
    """How spacing, patch and batch follow from the dataset."""

    def prepare(self, scan: Scan) -> Prepared:
        scan, turn = _upright(scan)
        values = _resized(_channels(scan.values, self.channels), self.sides(scan))
        spread = torch.from_numpy(self.intensities.spread(values.numpy()))
        return Prepared(padded(spread, self.patch), turn, scan.shape, tuple(spread.shape[1:]))

    def sides(self, scan: Scan) -> tuple[int, ...]:
        """The shape of an upright scan at this grid's spacing."""
        if self.spacing is None:
            return scan.shape
        ratio = spacing_of(scan) / np.array(self.spacing)
        ratio = np.where(np.abs(ratio - 1) < SAME_SPACING, 1, np.minimum(ratio, MOST_ENLARGED))
        return tuple(max(1, round(side)) for side in np.array(scan.shape) * ratio)

    def prepare_mask(self, mask: NDArray[np.uint8], affine: NDArray[np.float64] | None) -> torch.Tensor:
        """[*spatial] as `prepare` would lay out the image of this mask; nearest neighbours."""
        scan, _ = _upright(Scan(mask[None].astype(np.float32), affine))
        values = F.interpolate(torch.from_numpy(scan.values)[None], self.sides(scan), mode="nearest-exact")
        return padded(values[0].to(torch.uint8), self.patch)[0]

    def restore(self, scores: torch.Tensor, prepared: Prepared) -> NDArray[np.uint8]:
        """The class of each voxel of the image as it came, from scores [class, *spatial] of its `prepare`."""
        inner = tuple(
            slice(start, start + side) for start, side in _places(scores.shape[1:], prepared.resampled)
        )
        kept = scores[(slice(None), *inner)]
        if kept.shape[1:] != prepared.turned:
            mode = LINEAR[self.spatial_dims]
            kept = F.interpolate(kept[None].float(), prepared.turned, mode=mode, align_corners=False)[0]
        answer = kept.argmax(0).to(torch.uint8).cpu().numpy()
        if prepared.turn is None:
            return answer
        back = orientations.ornt_transform(_RAS, prepared.turn)
        return np.ascontiguousarray(orientations.apply_orientation(answer, back))

    def explanation(self) -> tuple[str, ...]:
        return (*self.reasons, _about(self.intensities))


Preprocessing = Annotated[Canvas | Grid, Field(discriminator="kind")]

_RAS = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])


def spacing_of(scan: Scan) -> NDArray[np.float64]:
    """Millimetres between voxels along each axis; ones for a picture."""
    if scan.affine is None:
        return np.ones(len(scan.shape))
    return cast(NDArray[np.float64], nibabel.affines.voxel_sizes(scan.affine))


def turn_of(affine: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """nibabel's orientation of the axes; None for a picture, or where the affine tells of none."""
    if affine is None:
        return None
    found: NDArray[np.float64] = orientations.io_orientation(affine)
    return None if np.isnan(found).any() else found


def _upright(scan: Scan) -> tuple[Scan, NDArray[np.float64] | None]:
    """The scan with its axes towards right, anterior and superior, and how they were before."""
    turn = turn_of(scan.affine)
    if turn is None or scan.affine is None:
        return scan, None
    values = np.stack([orientations.apply_orientation(channel, turn) for channel in scan.values])
    affine = scan.affine @ orientations.inv_ornt_aff(turn, scan.shape)
    return Scan(np.ascontiguousarray(values), affine), turn


def _channels(values: NDArray[np.float32], wanted: int) -> torch.Tensor:
    image = torch.from_numpy(values)
    if image.shape[0] != wanted:
        image = image.mean(0, keepdim=True).expand(wanted, *image.shape[1:])
    return image


def _resized(image: torch.Tensor, sides: Sequence[int]) -> torch.Tensor:
    """Averaging what is dropped where an image shrinks; averaging would repeat pixels where it grows."""
    if tuple(image.shape[1:]) == tuple(sides):
        return image
    if math.prod(sides) < math.prod(image.shape[1:]):
        return F.interpolate(image[None], tuple(sides), mode="area")[0]
    return F.interpolate(image[None], tuple(sides), mode=LINEAR[len(sides)], align_corners=False)[0]


def padded(image: torch.Tensor, least: Sequence[int]) -> torch.Tensor:
    """[channel, *spatial] with zeros around it where it is smaller than `least`, the image in the middle."""
    sides = [max(side, small) for side, small in zip(image.shape[1:], least, strict=True)]
    if tuple(sides) == tuple(image.shape[1:]):
        return image.contiguous()
    canvas = image.new_zeros((image.shape[0], *sides))
    inner = tuple(slice(start, start + side) for start, side in _places(sides, image.shape[1:]))
    canvas[(slice(None), *inner)] = image
    return canvas


def _places(outer: Sequence[int], inner: Sequence[int]) -> list[tuple[int, int]]:
    """Where an image of this shape lies in a larger one: first index and length along each axis."""
    return [((whole - part) // 2, part) for whole, part in zip(outer, inner, strict=True)]


def _about(intensities: Intensities) -> str:
    if intensities.window:
        low, high = intensities.window
        return f"Values from {low:g} to {high:g} become 0 to 1: all images share one scale."
    return (
        f"Each image's values between its percentiles {intensities.low_percentile:g} and "
        f"{intensities.high_percentile:g} become 0 to 1."
    )
