"""Forward passes: whole canvases in batches, and images of any size by a sliding window."""

from collections.abc import Sequence

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from numpy.typing import NDArray

from training.data.arrays import Scan
from training.data.preprocessing import Grid
from training.finishing import Finishing, largest_parts
from training.network import layout

OVERLAP = 0.5
"""Of neighbouring windows, whose answers are averaged with Gaussian weights, as nnU-Net does."""


@torch.inference_mode()
def canvas_scores(
    network: torch.nn.Module, stack: torch.Tensor, device: torch.device, batch: int
) -> torch.Tensor:
    """Scores [image, class] of prepared canvases, in double precision on the CPU."""
    network.eval()
    shape = layout(stack.dim() - 2, device)
    parts = torch.split(stack, batch)
    return torch.cat(
        [network(part.to(device).contiguous(memory_format=shape)).double().cpu() for part in parts]
    )


@torch.inference_mode()
def grid_scores(
    network: torch.nn.Module, image: torch.Tensor, how: Grid, device: torch.device
) -> torch.Tensor:
    """Scores [class, *spatial] of one prepared image of any size.

    Where the GPU's memory does not hold the scores of the whole image, they are put together on the CPU.
    """
    network.eval()
    try:
        return _windows(network, image.to(device), how, device)
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return _windows(network, image.cpu(), how, device)


def _windows(network: torch.nn.Module, image: torch.Tensor, how: Grid, device: torch.device) -> torch.Tensor:
    scores = sliding_window_inference(
        image[None],
        roi_size=how.patch,
        sw_batch_size=how.batch if device.type == "cuda" else 1,
        predictor=network,
        overlap=OVERLAP,
        mode="gaussian",
        sw_device=device,
        device=image.device,
    )
    assert isinstance(scores, torch.Tensor)
    return scores[0].float()


def label_map(
    network: torch.nn.Module, scan: Scan, how: Grid, finishing: Finishing, device: torch.device
) -> tuple[NDArray[np.uint8], float]:
    """The structure of each pixel or voxel of an image as it came (0 for background, then as in classes),
    and how sure the network is: the mean probability over what it names, over everything where that is
    nothing."""
    prepared = how.prepare(scan)
    scores = grid_scores(network, prepared.values, how, device)
    sure, named = scores.softmax(0).max(0)
    inside = sure[named > 0] if (named > 0).any() else sure
    return largest_parts(how.restore(scores, prepared), finishing.keep_largest), float(inside.mean())


def probabilities(logits: torch.Tensor, finishing: Finishing, exclusive: bool) -> NDArray[np.float64]:
    """[image, class]: they sum to 1 where classes exclude each other."""
    scaled = logits / finishing.temperature
    made: NDArray[np.float64] = (scaled.softmax(1) if exclusive else scaled.sigmoid()).numpy()
    return made


def dice(answer: NDArray[np.uint8], truth: NDArray[np.uint8], structures: int) -> NDArray[np.float64]:
    """Of each structure: 2 |A ∩ B| / (|A| + |B|); NaN where neither holds any of it."""
    own, other = (np.bincount(labels.ravel(), minlength=structures + 1) for labels in (answer, truth))
    both = np.bincount(truth.ravel()[answer.ravel() == truth.ravel()], minlength=structures + 1)
    with np.errstate(invalid="ignore"):
        return (2 * both / (own + other))[1 : structures + 1]


def mean_dice(rows: Sequence[NDArray[np.float64]]) -> float:
    """Over cases, of the mean over the structures that truth or answer hold; 1 where both hold none."""
    return float(np.mean([case_dice(row) for row in rows]))


def case_dice(row: NDArray[np.float64]) -> float:
    return 1.0 if np.isnan(row).all() else float(np.nanmean(row))
