"""A training's curves, out of its history or out of the lines that it writes to its log."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

PAIR = re.compile(r"(\w+)=(\S+)")


def epochs_in(rows: Iterable[str | Mapping[str, Any]]) -> list[dict[str, float]]:
    """One entry an epoch, by epoch; of an epoch that was trained again after an interruption, the last.

    >>> epochs_in(["start", "epoch=1 train_loss=0.5 note=x", "epoch=1 train_loss=0.4"])
    [{'epoch': 1.0, 'train_loss': 0.4}]
    """
    found: dict[float, dict[str, float]] = {}
    for row in rows:
        numbers = numbers_of(pairs_of(row) if isinstance(row, str) else row)
        if "epoch" in numbers:
            found[numbers["epoch"]] = numbers
    return [found[epoch] for epoch in sorted(found)]


def pairs_of(line: str) -> dict[str, str]:
    return dict(PAIR.findall(line)) if line.startswith("epoch=") else {}


def numbers_of(pairs: Mapping[str, Any]) -> dict[str, float]:
    """What is a finite number; JSON has no others."""
    found: dict[str, float] = {}
    for name, value in pairs.items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if math.isfinite(number):
            found[name] = number
    return found
