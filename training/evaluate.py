"""What a model is worth: scores on the locked test images, with intervals that respect patients."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from events.evaluation import Interval, Scores

RESAMPLES = 2000
SEED = 20240229
"""Fixed, and not the job's: equal answers always get equal intervals."""

Indices = NDArray[np.int64]


@torch.inference_mode()
def predict(model: torch.nn.Module, pixels: torch.Tensor, device: torch.device, batch: int) -> NDArray[Any]:
    """Logits, one row of float64 per image."""
    model.eval()
    rows = [model(part.to(device)).double().cpu() for part in torch.split(pixels, batch)]
    answer: NDArray[Any] = torch.cat(rows).numpy()
    return answer


def score(truth: Indices, predicted: Indices, groups: Sequence[str], classes: Sequence[str]) -> Scores:
    """Scores of predictions given as class indices; an index outside the classes is simply wrong."""
    correct = (truth == predicted).astype(np.float64)
    recalls = {
        name: float(correct[truth == k].mean()) for k, name in enumerate(classes) if (truth == k).any()
    }
    return Scores(
        accuracy=float(correct.mean()),
        balanced_accuracy=float(np.mean(list(recalls.values()))),
        accuracy_interval=bootstrap_interval(correct, groups),
        per_class=recalls,
    )


def paired_difference(
    truth: Indices, challenger: Indices, champion: Indices, groups: Sequence[str]
) -> Interval:
    """Interval of challenger minus champion accuracy, both on the same images."""
    gained = (challenger == truth).astype(np.float64) - (champion == truth)
    return bootstrap_interval(gained, groups)


def bootstrap_interval(values: NDArray[np.float64], groups: Sequence[str]) -> Interval:
    """95 % interval of the mean of one value per image, by resampling groups.

    Whole patients are drawn, not images: images of one patient agree more than chance, and drawing them
    one by one would promise more certainty than there is.
    """
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    sums, counts = np.bincount(member, weights=values), np.bincount(member)
    random = np.random.default_rng(SEED)
    means = np.empty(RESAMPLES)
    for resample in range(RESAMPLES):  # one at a time: a table of all would not fit for large test sets
        drawn = random.integers(0, len(sums), len(sums))
        means[resample] = sums[drawn].sum() / counts[drawn].sum()
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(low=float(low), high=float(high))


def confusion(truth: Indices, predicted: Indices, classes: int) -> tuple[tuple[int, ...], ...]:
    """Counts: rows are truth, columns prediction."""
    table = np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    return tuple(tuple(int(count) for count in row) for row in table)


def digest_of_ids(ids: Iterable[str]) -> str:
    """SHA-256 over the sorted ids, one per line: the name of a test set."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
