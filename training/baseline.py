"""The trivial baselines. A network must be worth more than these."""

import warnings
from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

THUMBNAIL = {2: 16, 3: 8}
"""Values along each side."""

ATLAS = 32
"""Values along each side of the average mask."""


def thumbnail_regression(
    training: torch.Tensor, targets: NDArray[np.int64], test: torch.Tensor, classes: int
) -> NDArray[np.float64]:
    """Probabilities [image, class] of the test images, by logistic regression on thumbnails.

    Args:
        targets: class indices [image], or 0 and 1 [image, class] for one regression each.

    Deterministic: the solver (L-BFGS) draws nothing.
    """
    own, other = _thumbnails(training), _thumbnails(test)
    if targets.ndim == 1:
        return _regression(own, targets, other, classes)
    columns = [_regression(own, column.astype(np.int64), other, 2)[:, 1] for column in targets.T]
    return np.stack(columns, 1)


def _regression(
    training: NDArray[np.float32], targets: NDArray[np.int64], test: NDArray[np.float32], classes: int
) -> NDArray[np.float64]:
    answers = np.zeros((len(test), classes))
    present = np.unique(targets)
    if len(present) == 1:
        answers[:, present] = 1.0
        return answers
    classifier = LogisticRegression(max_iter=300)
    with warnings.catch_warnings():
        # Not quite converged is good enough for a yardstick.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(training, targets)
    answers[:, classifier.classes_] = classifier.predict_proba(test)
    return answers


def _thumbnails(stack: torch.Tensor) -> NDArray[np.float32]:
    pool = F.adaptive_avg_pool2d if stack.dim() == 4 else F.adaptive_avg_pool3d
    small: NDArray[np.float32] = pool(stack, THUMBNAIL[stack.dim() - 2]).flatten(1).cpu().numpy()
    return small


class Atlas:
    """What lies at each relative place in most training images."""

    def __init__(self, masks: Iterable[torch.Tensor], structures: int) -> None:
        counts: torch.Tensor | None = None
        for mask in masks:
            hot = F.one_hot(mask.cpu().long(), structures + 1).movedim(-1, 0).float()[None]
            small = F.interpolate(hot, (ATLAS,) * mask.dim(), mode="area")[0]
            counts = small if counts is None else counts + small
        assert counts is not None
        self._counts = counts

    def answer(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """The label map for an image of this shape."""
        mode = "bilinear" if len(shape) == 2 else "trilinear"
        grown = F.interpolate(self._counts[None], shape, mode=mode, align_corners=False)[0]
        return grown.argmax(0).to(torch.uint8).numpy()
