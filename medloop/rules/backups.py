"""What a backup is called, which ones stay, and which model copies they still need."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Tier = Literal["hourly", "daily"]

STAMP = "%Y-%m-%dT%H-%M-%SZ"


@dataclass(frozen=True, order=True)
class Backup:
    """Sorts by time. Its name is the folder under `catalogue/` in the backups bucket."""

    taken_at: datetime
    tier: Tier

    @property
    def name(self) -> str:
        return f"{self.taken_at.astimezone(UTC).strftime(STAMP)}-{self.tier}"


@dataclass(frozen=True)
class Retention:
    """How many are kept: the newest of each hour, day and month."""

    hourly: int = 24
    daily: int = 30
    monthly: int = 12


def parse_backup(name: str) -> Backup | None:
    """The backup of this name, or None where the name is something else's."""
    stamp, _, tier = name.rpartition("-")
    if tier not in ("hourly", "daily"):
        return None
    try:
        taken_at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Backup(taken_at, "hourly" if tier == "hourly" else "daily")


def backups_to_keep(backups: Iterable[Backup], retention: Retention) -> set[Backup]:
    """Grandfather, father, son. The newest backup always stays."""
    newest_first = sorted(backups, reverse=True)
    daily = [backup for backup in newest_first if backup.tier == "daily"]
    return (
        set(newest_first[:1])
        | _newest_of_each(newest_first, lambda at: at.strftime("%Y-%m-%dT%H"), retention.hourly)
        | _newest_of_each(daily, lambda at: at.strftime("%Y-%m-%d"), retention.daily)
        | _newest_of_each(daily, lambda at: at.strftime("%Y-%m"), retention.monthly)
    )


def _newest_of_each(
    newest_first: list[Backup], period: Callable[[datetime], str], number: int
) -> set[Backup]:
    chosen: dict[str, Backup] = {}
    for backup in newest_first:
        chosen.setdefault(period(backup.taken_at), backup)
    return set(list(chosen.values())[:number])
