"""How well confidences order the images, and how well they can be taken at their word."""

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Of equal width, as in Guo et al., On Calibration of Modern Neural Networks, ICML 2017."""


def auroc(
    confidence: NDArray[np.float64], wanted: NDArray[np.bool_], weights: NDArray[np.float64] | None = None
) -> float | None:
    """Area under the ROC curve; None where all images are of one side.

    The share of pairs of one image with and one without the class that the confidence orders rightly, ties
    counting half (Mann-Whitney), each image counting as often as its weight says.
    """
    weights = np.ones(len(wanted)) if weights is None else weights
    positive, negative = weights * wanted, weights * ~wanted
    if not positive.sum() or not negative.sum():
        return None
    _, level = np.unique(confidence, return_inverse=True)
    with_class, without = np.bincount(level, positive), np.bincount(level, negative)
    below = np.cumsum(without) - without
    return float((with_class * (below + without / 2)).sum() / (positive.sum() * negative.sum()))


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error: how far confidence and accuracy lie apart, over bins of confidence."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, confidence - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(right))
