"""Hourly for a day, daily for a month, monthly for a year; the newest always."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from medloop.rules.backups import Backup, Retention, backups_to_keep, parse_backup

START = datetime(2026, 1, 1, 2, tzinfo=UTC)


def year() -> list[Backup]:
    hourly = [Backup(START + timedelta(hours=hour), "hourly") for hour in range(365 * 24)]
    daily = [Backup(START + timedelta(days=day), "daily") for day in range(365)]
    return hourly + daily


def test_a_year_keeps_one_for_every_hour_day_and_month() -> None:
    kept = sorted(backups_to_keep(year(), Retention(hourly=24, daily=30, monthly=12)))
    daily = [backup for backup in kept if backup.tier == "daily"]
    assert len([backup for backup in kept if backup.tier == "hourly"]) <= 24
    assert len({backup.taken_at.strftime("%Y-%m") for backup in daily}) == 12
    assert len(daily) == 30 + 11  # the days of December, and one each of eleven months


def test_the_newest_stays_even_when_nothing_is_to_be_kept() -> None:
    backups = year()
    assert backups_to_keep(backups, Retention(0, 0, 0)) == {max(backups)}


def test_pruning_twice_prunes_nothing_more() -> None:
    once = backups_to_keep(year(), Retention())
    assert backups_to_keep(once, Retention()) == once


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.sampled_from(["hourly", "daily"]))
def test_a_name_says_when_and_which(at: datetime, tier: str) -> None:
    backup = Backup(at.replace(microsecond=0, tzinfo=UTC), "daily" if tier == "daily" else "hourly")
    assert parse_backup(backup.name) == backup


def test_foreign_names_are_left_alone() -> None:
    assert parse_backup("lost+found") is None
    assert parse_backup("2026-99-99T00-00-00Z-daily") is None
