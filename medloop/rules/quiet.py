"""When a series counts as complete although nobody said so: nothing arrived lately, nothing is on its way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LOST_AFTER = timedelta(hours=1)
"""An upload that is undecided for this long is dead-lettered, and no series waits for it any longer."""


@dataclass(frozen=True)
class Silence:
    """What is known of a series when its schedule fires."""

    last_arrival: datetime
    in_flight: int
    """Uploads to the same folders that are not decided yet and not given up."""


def wait_until(silence: Silence, quiet: timedelta, now: datetime) -> datetime | None:
    """None when the series may be assembled; otherwise when to look again."""
    if silence.in_flight:
        return now + quiet
    due = silence.last_arrival + quiet
    return due if due > now else None


def is_in_flight(written_at: datetime, now: datetime) -> bool:
    """Whether an undecided upload may still be decided."""
    return now - written_at < LOST_AFTER
