"""When SageMaker has no machine to spare: what that looks like, and how long to wait for the next try.

Quota, capacity and throttling errors are normal weather on AWS; a job that meets one waits, it does not fail.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Literal

Shortage = Literal["throttled", "no capacity"]

SHORTAGES: dict[str, Shortage] = {
    "ThrottlingException": "throttled",
    "Throttling": "throttled",
    "TooManyRequestsException": "throttled",
    "RequestLimitExceeded": "throttled",
    "ServiceUnavailable": "throttled",
    "ResourceLimitExceeded": "no capacity",
    "CapacityError": "no capacity",
    "InsufficientCapacity": "no capacity",
    "InsufficientInstanceCapacity": "no capacity",
}
"""By error code of CreateTrainingJob; a FailureReason of an ended job begins with such a code as well."""

WAITS: dict[Shortage, tuple[int, int]] = {"throttled": (8, 240), "no capacity": (30, 900)}
"""Seconds: the first wait, and the longest. SQS delays a message by 900 s at most."""


def shortage_of(code: str) -> Shortage | None:
    """
    >>> shortage_of("ResourceLimitExceeded")
    'no capacity'
    """
    return SHORTAGES.get(code)


def ended_for_want_of_capacity(status: str, secondary: str, reason: str, trained: bool) -> bool:
    """Whether an ended job never got its machines, so that the same wish may be tried again.

    A spot job that waited for longer than MaxWaitTimeInSeconds is stopped, not failed. One that had trained
    before has cost money: to start that over is for a person to say.

    >>> ended_for_want_of_capacity("Failed", "Failed", "CapacityError: Unable to provision", False)
    True
    """
    if trained:
        return False
    if status == "Stopped":
        return secondary == "MaxWaitTimeExceeded"
    return status == "Failed" and shortage_of(reason.partition(":")[0].strip()) == "no capacity"


def wait_seconds(shortage: Shortage, attempt: int, job: str) -> int:
    """Before try `attempt` + 1: doubles with each, and the second half of it is the job's own chance.

    Jobs that met the same shortage so come back spread out. The chance is a hash, so a repeated message waits
    as long as the first.

    >>> [wait_seconds("no capacity", attempt, "medloop-dev-chest-1") <= 900 for attempt in (0, 9, 10_000)]
    [True, True, True]
    """
    first, longest = WAITS[shortage]
    whole = min(longest, first << min(attempt, 16))
    digest = hashlib.sha256(f"{job}\0{attempt}".encode()).digest()
    chance = int.from_bytes(digest[:4], "big") / 2**32
    return round(whole / 2 + whole / 2 * chance)


def is_overdue(requested_at: datetime, now: datetime, hours: float) -> bool:
    """Whether people should hear that a job still waits."""
    return now - requested_at >= timedelta(hours=hours)


def next_launch(job: str, launches: int) -> str:
    """The SageMaker name of a job that is started again after `launches` launches in vain.

    SageMaker keeps the name of an ended job for ever, so that each launch needs one of its own, at most 63
    characters. The very first goes by the job's own name.

    >>> next_launch("medloop-dev-chest-0123456789ab", 1)
    'medloop-dev-chest-0123456789ab-r1'
    """
    ending = f"-r{launches}"
    return job[: 63 - len(ending)].rstrip("-") + ending
