"""The trivial baseline: logistic regression on 16x16 pixels. A network must be worth more than this."""

import warnings

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from training.data import Images


def baseline_predictions(train: Images, test: Images) -> NDArray[np.int64]:
    """Class indices for the test images. Deterministic: the solver (L-BFGS) draws nothing."""
    classifier = LogisticRegression(max_iter=300)
    with warnings.catch_warnings():
        # Not quite converged is good enough for a yardstick.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(_thumbnails(train), train.labels.numpy())
    predicted: NDArray[np.int64] = classifier.predict(_thumbnails(test))
    return predicted


def _thumbnails(images: Images) -> NDArray[np.float32]:
    small: NDArray[np.float32] = F.adaptive_avg_pool2d(images.pixels, 16).flatten(1).numpy()
    return small
