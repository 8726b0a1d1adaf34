"""Where preprocessed images lie: in memory as far as allowed, beyond that in files the system maps."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import torch

SHARE_OF_MEMORY = 0.4
"""Of what is free when a job starts; the rest is for the network, its gradients and the champion."""


def memory_available() -> int:
    """Bytes that this machine, or the container's limit, still has."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.exists() else "max"
    return free if text == "max" else min(free, int(text))


class Storage:
    """Hands out tensors to fill. In files, they are the same memory for every process of this machine."""

    def __init__(self, folder: Path, budget: int | None = None, shared: bool = False) -> None:
        """`budget` is in bytes, by default a share of what is free; `shared` puts everything into files."""
        self._folder, self._shared = folder, shared
        self._left = int(SHARE_OF_MEMORY * memory_available()) if budget is None else budget

    def take(self, name: str, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """A tensor of this shape; what it holds is undefined unless another process filled that name."""
        size = math.prod(shape) * dtype.itemsize
        if not self._shared and size <= self._left:
            self._left -= size
            return torch.empty(tuple(shape), dtype=dtype)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.values"
        flat = torch.from_file(str(path), shared=True, size=math.prod(shape), dtype=dtype)
        return flat.view(tuple(shape))
