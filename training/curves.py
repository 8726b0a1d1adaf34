"""Curves of a running job as TensorBoard files, which SageMaker syncs to the user's own bucket."""

from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter


class Curves:
    def __init__(self, folder: Path) -> None:
        self._writer = SummaryWriter(str(folder), flush_secs=10)

    def add(self, row: Mapping[str, float]) -> None:
        """One epoch; what a resumed job repeats of it replaces what was there."""
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, int(row["epoch"]), new_style=True)
        self._writer.flush()
