"""When training falls due."""

from datetime import UTC, datetime, timedelta

import pytest

from events.training import Cause
from medloop.rules.project import Retraining
from medloop.rules.retraining import TrainingHistory, is_retraining_due, job_name

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICY = Retraining(every_days=7, after_new_labels=100, cooldown_hours=24)


def history(hours_ago: float | None = 48, new_labels: int = 0, active: bool = False) -> TrainingHistory:
    last = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    return TrainingHistory(last, None if last is None else "d" * 64, new_labels, active)


@pytest.mark.parametrize(
    ("past", "asked", "due", "cause"),
    [
        pytest.param(history(new_labels=100), "schedule", True, "new_labels", id="enough new labels"),
        pytest.param(history(new_labels=99), "schedule", False, "schedule", id="one label short"),
        pytest.param(history(None, 100), "schedule", True, "new_labels", id="first training"),
        pytest.param(history(7 * 24, 1), "schedule", True, "schedule", id="a week with one new label"),
        pytest.param(history(7 * 24, 0), "schedule", False, "schedule", id="a week with nothing new"),
        pytest.param(history(23, 500), "schedule", False, "schedule", id="cooling down"),
        pytest.param(history(1, 0), "person", True, "person", id="a person overrides the cool-down"),
        pytest.param(history(500, 500, True), "schedule", False, "schedule", id="one job at a time"),
        pytest.param(history(500, 500, True), "person", False, "person", id="even for a person"),
    ],
)
def test_due(past: TrainingHistory, asked: Cause, due: bool, cause: Cause) -> None:
    decision = is_retraining_due(POLICY, past, asked, NOW)
    assert (decision.due, decision.cause) == (due, cause)
    assert decision.why


def test_switched_off_triggers_never_fire() -> None:
    off = Retraining(every_days=None, after_new_labels=None, cooldown_hours=0)
    assert not is_retraining_due(off, history(5000, 5000), "schedule", NOW).due


def test_the_same_occasion_names_the_same_job() -> None:
    assert job_name("dev", "chest", "d" * 64, "x") == job_name("dev", "chest", "d" * 64, "x")
    assert job_name("dev", "chest", "d" * 64, "x") != job_name("dev", "chest", "d" * 64, "y")


def test_the_longest_project_still_makes_a_legal_job_name() -> None:
    assert len(job_name("laptop", "p" * 32, "d" * 64, "x")) <= 63
