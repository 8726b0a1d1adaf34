"""Is training due? By schedule, by enough new labels, or because a person asked."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from events.training import Cause
from medloop.rules.project import Retraining


@dataclass(frozen=True)
class TrainingHistory:
    """What has happened in a project so far."""

    last_requested_at: datetime | None
    last_dataset: str | None
    new_labels: int
    """Labelled images accepted since the last request; all of them where there was none."""
    job_active: bool


@dataclass(frozen=True)
class Due:
    due: bool
    cause: Cause
    why: str


def is_retraining_due(policy: Retraining, history: TrainingHistory, cause: Cause, now: datetime) -> Due:
    """Decide for one project. A person overrides the cool-down, but never runs two jobs at once."""
    if history.job_active:
        return Due(False, cause, "a training job is already under way")
    if cause == "person":
        return Due(True, cause, "asked for by a person")
    if _cooling_down(policy, history, now):
        return Due(False, cause, f"cooling down for {policy.cooldown_hours:g} h after the last training")
    if policy.after_new_labels is not None and history.new_labels >= policy.after_new_labels:
        return Due(True, "new_labels", f"{history.new_labels} new labels")
    if _schedule_reached(policy, history, now):
        return Due(True, "schedule", f"{policy.every_days} days since the last training")
    return Due(False, cause, "neither schedule nor new labels call for it")


def _cooling_down(policy: Retraining, history: TrainingHistory, now: datetime) -> bool:
    last = history.last_requested_at
    return last is not None and now - last < timedelta(hours=policy.cooldown_hours)


def _schedule_reached(policy: Retraining, history: TrainingHistory, now: datetime) -> bool:
    # Without one new label the dataset is the old one: the same evidence at the price of a GPU.
    if policy.every_days is None or history.last_requested_at is None or not history.new_labels:
        return False
    return now - history.last_requested_at >= timedelta(days=policy.every_days)


def job_name(stage: str, project: str, dataset: str, occasion: str) -> str:
    """The SageMaker name of the job for this dataset on this occasion, at most 63 characters.

    The occasion is a person's request id, or the time of the training before: a repeated message
    finds the job that it already started.
    """
    digest = hashlib.sha256(f"{dataset}\0{occasion}".encode()).hexdigest()
    return f"medloop-{stage}-{project}-{digest[:12]}"
