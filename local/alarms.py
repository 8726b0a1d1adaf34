"""When an alarm changes its state: CloudWatch's own rule, which ministack 1.5.33 simplifies too far.

ministack asks neither for an alarm's dimensions (every queue's depth would feed every DLQ's alarm) nor how
to treat missing data, and takes all periods for one. A period here slides with the clock; CloudWatch's is
aligned to it.
"""

import operator
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def verdict(alarm: Mapping[str, Any], datapoints: Sequence[float | None]) -> str:
    """OK, ALARM or INSUFFICIENT_DATA, from one datapoint per evaluation period; None is no data.

    >>> empty_dlq = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 0}
    >>> verdict({**empty_dlq, "TreatMissingData": "notBreaching"}, [None])
    'OK'
    """
    treatment = alarm.get("TreatMissingData") or "missing"
    known = [_breaches(alarm, value) for value in datapoints if value is not None]
    if not known and treatment in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if treatment == "missing" else str(alarm["StateValue"])
    if treatment in ("breaching", "notBreaching"):
        known += [treatment == "breaching"] * (len(datapoints) - len(known))
    needed = min(alarm.get("DatapointsToAlarm") or len(datapoints), len(known))
    return "ALARM" if sum(known) >= needed else "OK"


def _breaches(alarm: Mapping[str, Any], value: float) -> bool:
    return COMPARISONS[alarm["ComparisonOperator"]](value, float(alarm["Threshold"]))


def amend(cloudwatch: Any) -> None:
    """Put the rule above in the place of ministack's own, in ministack's process."""

    def evaluate(alarm: dict[str, Any]) -> None:
        if alarm.get("MetricName") and alarm.get("ComparisonOperator") in COMPARISONS:
            datapoints = list(_datapoints(cloudwatch, alarm, time.time()))
            _move(
                cloudwatch,
                alarm,
                verdict(alarm, datapoints),
                f"Threshold crossed: {datapoints}, newest first",
            )

    cloudwatch._evaluate_alarm = evaluate


def _datapoints(cloudwatch: Any, alarm: Mapping[str, Any], now: float) -> Iterator[float | None]:
    """The alarm's statistic in each of its evaluation periods, newest first."""
    dimensions = {entry["Name"]: entry["Value"] for entry in alarm.get("Dimensions", [])}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    points = list(cloudwatch._metrics.get(key) or [])
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    period = alarm.get("Period", 60)
    for index in range(alarm.get("EvaluationPeriods", 1)):
        end = now - index * period
        within = [point for point in points if end - period < point["Timestamp"] <= end]
        stats = cloudwatch._calc_stats(within)
        yield cloudwatch._stat_value(stats, statistic, within) if stats else None


def _move(cloudwatch: Any, alarm: dict[str, Any], state: str, reason: str) -> None:
    before = alarm["StateValue"]
    if state == before:
        return
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)
