"""A challenger replaces the champion only with evidence from the same images."""

from typing import Any

import pytest

from events.evaluation import Evaluation, Interval, Scores
from medloop.rules.gate import judge
from medloop.rules.project import Gate

GATE = Gate(minimum_accuracy=0.8, margin=0.02, minimum_test_images=20)


def scores(accuracy: float) -> Scores:
    return Scores(
        accuracy=accuracy,
        balanced_accuracy=accuracy,
        accuracy_interval=Interval(low=accuracy, high=accuracy),
        per_class={},
    )


def evaluation(accuracy: float = 0.9, **changes: Any) -> Evaluation:
    fields: dict[str, Any] = {
        "project": "chest",
        "dataset": "d" * 64,
        "model_version": 2,
        "test_images": 100,
        "test_digest": "e" * 64,
        "challenger": scores(accuracy),
        "baseline": scores(0.5),
        "classes": ("a", "b"),
        "confusion": ((1, 0), (0, 1)),
        "epochs": 1,
        "seconds": 1.0,
        "device": "cpu",
    }
    return Evaluation(**(fields | changes))


def against(low: float, high: float, champion_version: int = 1) -> Evaluation:
    return evaluation(
        champion_version=champion_version, champion=scores(0.9), difference=Interval(low=low, high=high)
    )


@pytest.mark.parametrize(
    ("evidence", "champion", "promote", "says"),
    [
        pytest.param(evaluation(0.9), None, True, "no champion yet", id="first model above the minimum"),
        pytest.param(evaluation(0.79), None, False, "below the minimum", id="first model below it"),
        pytest.param(evaluation(test_images=19), None, False, "20 needed", id="too few test images"),
        pytest.param(against(-0.01, 0.05), 1, True, "not inferior", id="non-inferior"),
        pytest.param(against(-0.02, 0.05), 1, False, "may be inferior", id="the margin itself is outside"),
        pytest.param(against(0.01, 0.05, 3), 4, False, "version 4", id="the champion changed meanwhile"),
        pytest.param(evaluation(0.99), 4, False, "version 4", id="never compared"),
        pytest.param(evaluation(0.99, champion_version=4), 4, False, "did not score", id="no champion score"),
    ],
)
def test_verdict(evidence: Evaluation, champion: int | None, promote: bool, says: str) -> None:
    verdict = judge(evidence, GATE, champion)
    assert verdict.promote is promote
    assert says in verdict.reason
