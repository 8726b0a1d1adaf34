"""The three alarms of the product, two of the API, one per dead-letter queue, with exactly their numbers."""

from collections.abc import Iterator
from typing import Any

from stack import Stack, text

EVERY_ALARM = {
    "TreatMissingData": "notBreaching",
    "AlarmActions": [{"Ref": "AlarmsTopic"}],
    "OKActions": [{"Ref": "AlarmsTopic"}],
}

STAGE = {"Name": "Stage", "Value": {"Ref": "Stage"}}
SERVICE = {"Name": "service", "Value": "medloop"}
"""Powertools adds it to what the functions publish; what a container publishes has the stage alone."""

ERROR_RATE = {
    "Namespace": "Medloop",
    "MetricName": "ErrorRate",
    "Statistic": "Average",
    "Threshold": 5,
    "Dimensions": [STAGE, SERVICE],
    "ComparisonOperator": "GreaterThanThreshold",
    "minutes": 5,
}
INFERENCE_LATENCY = {
    "Namespace": "Medloop",
    "MetricName": "InferenceLatency",
    "ExtendedStatistic": "p95",
    "Threshold": 2000,
    "Dimensions": [STAGE, SERVICE],
    "ComparisonOperator": "GreaterThanThreshold",
    "minutes": 10,
}
GPU_UTILIZATION = {
    "Namespace": "Medloop",
    "MetricName": "GPUUtilization",
    "Statistic": "Average",
    "Threshold": 10,
    "Dimensions": [STAGE],
    "ComparisonOperator": "LessThanThreshold",
    "minutes": 30,
}
API = {
    "Namespace": "AWS/ApiGateway",
    "Dimensions": [
        {"Name": "ApiName", "Value": {"Fn::Sub": "medloop-${Stage}"}},
        {"Name": "Stage", "Value": "api"},
    ],
    "ComparisonOperator": "GreaterThanThreshold",
}
API_ERRORS = {**API, "MetricName": "5XXError", "Statistic": "Average", "Threshold": 0.05, "minutes": 5}
API_LATENCY = {
    **API,
    "MetricName": "Latency",
    "ExtendedStatistic": "p95",
    "Threshold": 1000,
    "minutes": 10,
}
PROMISED = {
    "medloop-${Stage}-critical-error-rate": ERROR_RATE,
    "medloop-${Stage}-warning-inference-latency": INFERENCE_LATENCY,
    "medloop-${Stage}-warning-gpu-utilization": GPU_UTILIZATION,
    "medloop-${Stage}-critical-api-errors": API_ERRORS,
    "medloop-${Stage}-warning-api-latency": API_LATENCY,
}

DEAD_LETTERS = {
    "Namespace": "AWS/SQS",
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def problems(stack: Stack) -> Iterator[str]:
    alarms = stack.of_type("CloudWatch::Alarm")
    for name, alarm in alarms.items():
        yield from (f"{name}: {key}" for key in differences(alarm, EVERY_ALARM))
        if not alarm.get("AlarmDescription"):
            yield f"{name} does not say what to do"
    named = {text(alarm.get("AlarmName")): alarm for alarm in alarms.values()}
    for name, numbers in PROMISED.items():
        yield from (f"{name}: {key}" for key in differences(measured(named.get(name, {})), numbers))
    for door in stack.woken():
        queue = text(stack.properties(door.queue).get("QueueName")).removeprefix("medloop-${Stage}-")
        alarm = named.get(f"medloop-${{Stage}}-critical-{queue}-dead-letters", {})
        dimension = {"Name": "QueueName", "Value": {"Fn::GetAtt": [door.dead_letters, "QueueName"]}}
        wanted = {**DEAD_LETTERS, "Dimensions": [dimension]}
        yield from (f"dead letters of {door.queue}: {key}" for key in differences(alarm, wanted))


def measured(alarm: dict[str, Any]) -> dict[str, Any]:
    """The alarm with its window in minutes."""
    minutes = alarm.get("Period", 0) * alarm.get("EvaluationPeriods", 0) / 60
    return {**alarm, "minutes": minutes}


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    return [key for key, value in wanted.items() if found.get(key) != value]


def test_every_alarm_has_exactly_the_promised_numbers(stack: Stack) -> None:
    assert not list(problems(stack))
    assert len(stack.of_type("CloudWatch::Alarm")) == len(PROMISED) + len(stack.woken())
