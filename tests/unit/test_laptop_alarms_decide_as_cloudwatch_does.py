"""The alarm rule of the laptop."""

import pytest

from local.alarms import verdict


def decide(datapoints: list[float | None], **alarm: object) -> str:
    threshold = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.0, "StateValue": "OK"}
    return verdict({**threshold, **alarm}, datapoints)


def test_one_breach_of_one_period_alarms() -> None:
    assert decide([1.0]) == "ALARM"


def test_a_value_at_the_threshold_is_not_greater() -> None:
    assert decide([0.0]) == "OK"


def test_all_periods_must_breach_unless_fewer_datapoints_suffice() -> None:
    assert decide([1.0, 0.0, 1.0]) == "OK"
    assert decide([1.0, 0.0, 1.0], DatapointsToAlarm=2) == "ALARM"


@pytest.mark.parametrize(
    ("treatment", "state"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("ignore", "ALARM"),
        ("breaching", "ALARM"),
        ("notBreaching", "OK"),
    ],
)
def test_no_data_at_all_is_treated_as_the_alarm_says(treatment: str, state: str) -> None:
    assert decide([None, None], TreatMissingData=treatment, StateValue="ALARM") == state


def test_a_gap_counts_as_good_where_missing_is_not_breaching() -> None:
    assert decide([1.0, None], TreatMissingData="notBreaching") == "OK"
    assert decide([1.0, None], TreatMissingData="missing") == "ALARM"


def test_silence_can_be_the_alarm() -> None:
    alarm = {"ComparisonOperator": "LessThanThreshold", "Threshold": 1.0, "TreatMissingData": "breaching"}
    assert verdict(alarm, [None]) == "ALARM"
    assert verdict(alarm, [1.0]) == "OK"
