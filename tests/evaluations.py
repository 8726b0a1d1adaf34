"""Evaluations as a training job writes them, with made-up numbers."""

from typing import Any

from events.evaluation import Evaluation, Interval, Scores, Subgroup


def scores(value: float, **changes: Any) -> Scores:
    interval = Interval(low=max(0.0, value - 0.04), high=min(1.0, value + 0.04))
    return Scores(**({"value": value, "interval": interval, "per_class": {}} | changes))


def evaluation(value: float = 0.9, **changes: Any) -> Evaluation:
    fields: dict[str, Any] = {
        "project": "chest",
        "dataset": "d" * 64,
        "model_version": 2,
        "task": "classification",
        "metric": "accuracy",
        "train_items": 400,
        "test_items": 100,
        "test_patients": 100,
        "test_digest": "e" * 64,
        "challenger": scores(value),
        "baseline": scores(0.5),
        "baseline_name": "logistic regression on thumbnails",
        "classes": ("a", "b"),
        "confusion": ((45, 5), (5, 45)),
        "epochs": 12,
        "seconds": 34.5,
        "device": "cpu",
    }
    return Evaluation(**(fields | changes))


def against(low: float = 0.0, high: float = 0.05, champion_version: int = 1, **changes: Any) -> Evaluation:
    """Compared with a champion: the interval of the difference."""
    compared = {"champion": scores(0.9), "difference": Interval(low=low, high=high)}
    return evaluation(**({"champion_version": champion_version} | compared | changes))


def subgroup(attribute: str, value: str, low: float = 0.0, high: float = 0.05, **changes: Any) -> Subgroup:
    fields: dict[str, Any] = {
        "attribute": attribute,
        "value": value,
        "items": 60,
        "patients": 40,
        "challenger": 0.9,
        "interval": Interval(low=0.8, high=0.96),
        "champion": 0.9,
        "difference": Interval(low=low, high=high),
    }
    return Subgroup(**(fields | changes))
