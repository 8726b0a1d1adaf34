"""A test case as people look at it: the picture, what is true, what the model answered."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Case:
    """One locked test image."""

    id: str
    """Image id."""
    group: str
    score: float
    """1 or 0 for right and wrong, the share of right labels, or the mean Dice."""
    truth: str
    """A class, several as `a | b`, or empty for a segmentation."""
    answer: str
    confidence: float
    """0..1; NaN for a segmentation."""
    dice: Mapping[str, float]
    """Per structure; empty for other tasks."""
    picture: NDArray[np.uint8]
    """HxW or HxWx3; the slice that tells most of a volume."""
    truth_mask: NDArray[np.uint8] | None
    """HxW, of the same slice."""
    answer_mask: NDArray[np.uint8] | None
