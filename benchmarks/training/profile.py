"""Where a step's time goes, by kind of operation: what parts it from the speed of a bare matrix product."""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch.profiler import ProfilerActivity, profile

KINDS: Final = {
    "products": ("conv", "mm", "linear"),
    "normalising": ("norm",),
    "moving images": ("grid_sampler", "interpolate", "upsample", "affine_grid"),
    "optimiser": ("adam", "lerp"),
}
"""By what the names of PyTorch's operations, or of a GPU's kernels, hold; the first that fits counts."""

KERNELS: Final = ("gemm", "cutlass", "xmma", "cudnn", "wgrad", "dgrad", "fprop")
"""Products, as a GPU's kernels are called."""

OTHER: Final = "values one by one"
"""Activations, sums, copies, the loss: as fast as memory is."""


def shares(step: Callable[[], Any], device: torch.device) -> dict[str, float]:
    """Of the time that the device works in one step; together 1."""
    on_gpu = device.type == "cuda"
    with profile(activities=[ProfilerActivity.CPU, *[ProfilerActivity.CUDA] * on_gpu]) as seen:
        step()
        if on_gpu:
            torch.cuda.synchronize(device)
    spent = dict.fromkeys((*KINDS, OTHER), 0.0)
    for event in seen.key_averages():
        # On a GPU, only kernels take its time; operations would count it a second time.
        is_kernel = event.device_type.name != "CPU"
        if is_kernel == on_gpu:
            own = event.self_device_time_total if on_gpu else event.self_cpu_time_total
            spent[kind_of(event.key)] += own
    whole = sum(spent.values()) or 1.0
    return {kind: round(time / whole, 3) for kind, time in spent.items()}


def kind_of(name: str) -> str:
    """
    >>> kind_of("aten::mkldnn_convolution"), kind_of("aten::native_group_norm"), kind_of("aten::add_")
    ('products', 'normalising', 'values one by one')
    """
    low = name.lower()
    if "norm" not in low and any(word in low for word in KERNELS):
        return "products"
    return next((kind for kind, words in KINDS.items() if any(word in low for word in words)), OTHER)
