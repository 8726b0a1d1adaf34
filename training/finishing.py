"""What is done to a network's scores before they are an answer, chosen on the validation images."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import ndimage
from sklearn.metrics import roc_curve

TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(5.0), 121))
"""Tried one after another: the loss has one minimum among them, and trying is next to free."""


class Finishing(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=1.0, gt=0)
    """Scores are divided by it: it changes confidences, never the answer (Guo et al., ICML 2017)."""
    thresholds: tuple[float, ...] = ()
    """Multi-label: a class is named from this probability on; one each."""
    keep_largest: tuple[bool, ...] = ()
    """Segmentation: of each structure, whether only its largest connected part is kept."""

    def explanation(self) -> tuple[str, ...]:
        told = []
        if self.temperature != 1:
            told.append(f"Probabilities are calibrated by one temperature, {self.temperature:.2f}.")
        if self.thresholds:
            told.append("Each class is named from the probability on that served the validation images best.")
        if any(self.keep_largest):
            told.append(f"Of {sum(self.keep_largest)} structure(s) only the largest connected part is kept.")
        return tuple(told)


def calibrate(logits: torch.Tensor, targets: torch.Tensor) -> float:
    """The temperature with the least log loss on these validation images; 1 where none is better.

    Args:
        logits: [image, class]; targets: class indices [image], or 0 and 1 [image, class].
    """
    loss = F.cross_entropy if targets.dim() == 1 else F.binary_cross_entropy_with_logits
    wanted = targets if targets.dim() == 1 else targets.double()
    losses = [float(loss(logits / temperature, wanted)) for temperature in TEMPERATURES]
    best = int(np.argmin(losses))
    return float(TEMPERATURES[best]) if losses[best] < float(loss(logits, wanted)) else 1.0


def choose_thresholds(probabilities: NDArray[np.float64], truth: NDArray[np.float64]) -> tuple[float, ...]:
    """For each class, where sensitivity and specificity together are greatest (Youden's J); 0.5 where the
    validation images show one side only."""
    chosen = []
    for own, wanted in zip(probabilities.T, truth.T, strict=True):
        if wanted.min() == wanted.max():
            chosen.append(0.5)
            continue
        false, true, bounds = roc_curve(wanted, own)
        chosen.append(float(np.clip(bounds[np.argmax(true - false)], 0.0, 1.0)))
    return tuple(chosen)


def largest_parts(labels: NDArray[np.uint8], keep: Sequence[bool]) -> NDArray[np.uint8]:
    """`labels` with every part but the largest of the chosen structures (1, 2, …) made background."""
    cleaned = labels.copy()
    for structure, wanted in enumerate(keep, start=1):
        if wanted:
            cleaned[_fragments(labels == structure)] = 0
    return cleaned


def _fragments(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Everything but the largest part; parts touch where they share a face, an edge or a corner."""
    parts, count = ndimage.label(inside, np.ones((3,) * inside.ndim))
    if count < 2:
        return np.zeros_like(inside)
    sizes = np.bincount(parts.ravel())[1:]
    fragments: NDArray[np.bool_] = (parts > 0) & (parts != sizes.argmax() + 1)
    return fragments
