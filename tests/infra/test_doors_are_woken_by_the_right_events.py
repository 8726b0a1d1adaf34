"""Rules and schedules: what wakes a door is what its model in events/ reads."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from stack import Stack

from events.training import RetrainingConsidered
from events.upkeep import BackupDue, ReconcileDue, RestoreDrillDue

OF_THIS_STAGE = [{"prefix": {"Fn::Sub": "medloop-${Stage}-"}}]

PATTERNS: dict[str, dict[str, Any]] = {
    "ObjectCreatedRule": {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "UploadsBucket"}]}},
    },
    "TrainingJobChangedRule": {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Training Job State Change"],
        "detail": {
            "TrainingJobName": OF_THIS_STAGE,
            "TrainingJobStatus": ["Completed", "Failed", "Stopped"],
        },
    },
    "ModelPackageChangedRule": {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": OF_THIS_STAGE, "ModelApprovalStatus": ["Approved"]},
    },
    "EndpointChangedRule": {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Endpoint State Change"],
        "detail": {"EndpointName": OF_THIS_STAGE},
    },
}

SCHEDULES: dict[str, tuple[str, BaseModel]] = {
    "RetrainingCheckRule": ("rate(15 minutes)", RetrainingConsidered()),
    "DailyBackupRule": ("cron(0 2 * * ? *)", BackupDue(tier="daily")),
    "HourlyBackupRule": ("rate(1 hour)", BackupDue(tier="hourly")),
    "ReconcileRule": ("rate(15 minutes)", ReconcileDue()),
    "RestoreDrillRule": ("cron(0 4 ? * SUN *)", RestoreDrillDue()),
}


def problems(stack: Stack) -> Iterator[str]:
    rules = stack.of_type("Events::Rule")
    if set(rules) != {*PATTERNS, *SCHEDULES}:
        yield f"other rules: {sorted(set(rules) ^ {*PATTERNS, *SCHEDULES})}"
    for name, pattern in PATTERNS.items():
        if rules.get(name, {}).get("EventPattern") != pattern:
            yield f"{name} listens to something else"
    for name, (expression, message) in SCHEDULES.items():
        rule = rules.get(name, {})
        if rule.get("ScheduleExpression") != expression:
            yield f"{name} has another rhythm"
        if spoken(rule, type(message)) != message:
            yield f"{name} says something else"
    yield from (f"{name} is off" for name, rule in rules.items() if rule.get("State", "ENABLED") != "ENABLED")


def spoken(rule: dict[str, Any], model: type[BaseModel]) -> BaseModel | None:
    body = rule.get("Targets", [{}])[0].get("Input")
    return None if body is None else model.model_validate_json(body)


def test_rules_and_schedules_say_what_the_doors_read(stack: Stack) -> None:
    assert not list(problems(stack))


@pytest.mark.parametrize("name", PATTERNS)
def test_events_travel_unchanged(stack: Stack, name: str) -> None:
    (aim,) = stack.properties(name)["Targets"]
    assert not {"Input", "InputPath", "InputTransformer"} & set(aim)
