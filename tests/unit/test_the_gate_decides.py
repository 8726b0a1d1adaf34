"""A challenger replaces the champion only with evidence from the same images."""

import pytest

from events.evaluation import Evaluation
from medloop.rules.gate import judge
from medloop.rules.project import Gate
from tests.evaluations import against, evaluation, scores, subgroup

GATE = Gate(minimum_score=0.8, margin=0.02, minimum_test_items=20)


@pytest.mark.parametrize(
    ("evidence", "champion", "promote", "says"),
    [
        pytest.param(evaluation(0.9), None, True, "no champion yet", id="first model above the minimum"),
        pytest.param(evaluation(0.79), None, False, "below the minimum", id="first model below it"),
        pytest.param(evaluation(test_items=19), None, False, "20 needed", id="too few test images"),
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


def test_the_metric_is_the_tasks_own() -> None:
    segmentation = evaluation(0.7, task="segmentation", metric="mean Dice")
    assert judge(segmentation, GATE, None).reason == "mean Dice 0.7000 is below the minimum 0.8000"


def test_a_model_no_better_than_a_guess_is_refused() -> None:
    trivial = {"baseline": scores(0.95), "baseline_name": "always the commonest class"}
    verdict = judge(evaluation(0.9, **trivial), GATE, None)
    assert verdict.reason == (
        "accuracy 0.9000 is inferior to 0.9500 of the baseline (always the commonest class), margin 0.0200"
    )
    assert judge(evaluation(0.94, **trivial), GATE, None).promote
    assert judge(evaluation(0.9, **trivial), GATE.model_copy(update={"beat_baseline": False}), None).promote


@pytest.mark.parametrize(
    ("error", "says"),
    [(0.04, None), (0.06, "0.0600 is above the maximum 0.0500"), (None, "was not measured")],
)
def test_confidences_must_be_right_where_the_project_asks_for_it(
    error: float | None, says: str | None
) -> None:
    strict = GATE.model_copy(update={"maximum_calibration_error": 0.05})
    verdict = judge(evaluation(challenger=scores(0.9, calibration_error=error)), strict, None)
    assert verdict.promote is (says is None)
    assert says is None or says in verdict.reason


def test_a_loss_in_one_large_subgroup_refuses_what_is_better_overall() -> None:
    worse = subgroup("sex", "F", low=-0.12)
    verdict = judge(against(0.01, 0.05, subgroups=(subgroup("sex", "M"), worse)), GATE, 1)
    assert not verdict.promote
    assert verdict.reason == (
        "may be inferior in sex F: accuracy 0.9000 against 0.9000 of version 1 on 40 patients, difference "
        "-0.1200 to +0.0500, margin 0.0500"
    )


@pytest.mark.parametrize("small", [{"items": 29}, {"patients": 9}])
def test_a_small_subgroup_decides_nothing(small: dict[str, int]) -> None:
    verdict = judge(against(subgroups=(subgroup("sex", "F", low=-0.9, **small),)), GATE, 1)
    assert verdict.promote
    assert "subgroup" not in verdict.reason


def test_a_large_subgroup_without_a_comparison_refuses() -> None:
    alone = subgroup("site", "north").model_copy(update={"difference": None})
    verdict = judge(against(subgroups=(alone,)), GATE, 1)
    assert not verdict.promote
    assert "did not score the champion there" in verdict.reason


def test_the_worst_of_several_failing_subgroups_is_named() -> None:
    groups = (subgroup("age", "60-69", low=-0.1), subgroup("age", "80-89", low=-0.3), subgroup("sex", "F"))
    reason = judge(against(subgroups=groups), GATE, 1).reason
    assert "age 80-89" in reason
    assert reason.endswith("2 of 3 subgroups fail")


def test_the_sentence_counts_the_subgroups_that_passed() -> None:
    groups = (subgroup("sex", "F"), subgroup("sex", "M"), subgroup("sex", "O", items=3))
    assert (
        "not inferior overall and in 2 subgroups: accuracy"
        in judge(against(subgroups=groups), GATE, 1).reason
    )


def test_what_a_header_says_stays_on_one_short_line() -> None:
    odd = subgroup("scanner", "A\nB" * 90, low=-0.5)
    reason = judge(against(subgroups=(odd,)), GATE, 1).reason
    assert "\n" not in reason
    assert len(reason) < 300


def test_a_gate_that_allows_everything_promotes() -> None:
    everything = Gate(minimum_score=0, minimum_test_items=1, margin=1, subgroup_margin=1)
    poor = against(-0.99, -0.5, test_patients=1, test_items=1, challenger=scores(0.01))
    assert judge(poor, everything, 1).promote
