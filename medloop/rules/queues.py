"""What the queues that wake the doors are called; template.yaml makes them."""

from typing import Final

QUEUES: Final = (
    "intake",
    "archives",
    "series-due",
    "retraining-checks",
    "training-requests",
    "training-outcomes",
    "model-approvals",
    "endpoint-changes",
    "inference-requests",
    "inference-outcomes",
    "predictions-made",
    "backups-due",
    "reconciliations-due",
    "restore-drills-due",
    "alarms",
)
"""In the order of the data."""


def queue_name(stage: str, queue: str) -> str:
    """
    >>> queue_name("dev", "intake")
    'medloop-dev-intake'
    """
    return f"medloop-{stage}-{queue}"


def dead_letter_name(stage: str, queue: str) -> str:
    """
    >>> dead_letter_name("dev", "intake")
    'medloop-dev-intake-dlq'
    """
    return f"{queue_name(stage, queue)}-dlq"
