"""What a model has seen of spacings and sizes, and a warning where an image is unlike all of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from events.dataset import Sample
from training.data.arrays import Scan
from training.data.channel import stream_files
from training.data.fingerprint import Trait, trait_of
from training.data.pool import each, read_scan

LOOKED_AT: Final = 64
"""Training images, spread evenly: extremes of more hardly move."""

SLACK: Final = 0.1
"""Relative: so far outside the range, training's own random zooming still leads."""

AXES: Final = {
    2: ("down", "across"),
    3: ("from right to left", "from back to front", "from feet to head"),
}

Range = tuple[float, float]


class Known(BaseModel):
    """Least and most in training, along each axis of `AXES`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spacing: tuple[Range, ...]
    """Millimetres; of pictures, which have none, empty."""
    extent: tuple[Range, ...]
    """Millimetres; of pictures, pixels."""

    def warnings(self, scan: Scan) -> tuple[str, ...]:
        """Sentences for whoever reads the answer."""
        trait, names = trait_of(scan), AXES[len(scan.shape)]
        unit = "mm" if self.spacing else "pixels"
        spacing = zip(names, trait.spacing, self.spacing, strict=True) if self.spacing else ()
        extent = zip(names, _extent(trait, bool(self.spacing)), self.extent, strict=True)
        return (
            *(_sentence("spacing", *one, "mm") for one in spacing if _outside(*one[1:])),
            *(_sentence("size", *one, unit) for one in extent if _outside(*one[1:])),
        )


def known_of(samples: Sequence[Sample], folder: Path) -> Known:
    """From some of the training images."""
    step = max(1, len(samples) // LOOKED_AT)
    found = list(each(stream_files(samples[::step], folder), lambda files: trait_of(read_scan(files))))
    volumes = len(found[0].shape) == 3
    return Known(
        spacing=_ranges([trait.spacing for trait in found]) if volumes else (),
        extent=_ranges([_extent(trait, volumes) for trait in found]),
    )


def _extent(trait: Trait, volumes: bool) -> tuple[float, ...]:
    sides = trait.spacing if volumes else (1.0,) * len(trait.shape)
    return tuple(count * side for count, side in zip(trait.shape, sides, strict=True))


def _ranges(rows: Sequence[Sequence[float]]) -> tuple[Range, ...]:
    table = np.array(rows)
    return tuple((float(low), float(high)) for low, high in zip(table.min(0), table.max(0), strict=True))


def _outside(value: float, known: Range) -> bool:
    return not known[0] * (1 - SLACK) <= value <= known[1] * (1 + SLACK)


def _sentence(what: str, axis: str, value: float, known: Range, unit: str) -> str:
    low, high = (f"{one:.3g}" for one in known)
    span = low if low == high else f"{low} to {high}"
    return f"{what} {axis} of {value:.3g} {unit} is outside the training range, {span} {unit}"
