"""Dates and times as DICOM writes them (PS3.5 §6.2), moved by whole days so that intervals survive.

What does not look like one is answered with None: anybody's name may stand in a date field.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

Shift = Callable[[bytes, int], bytes | None]

_DATE: Final = re.compile(rb"(\d{4})(\.?)(\d\d)\2(\d\d)")
_DATETIME: Final = re.compile(
    rb"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)(?P<time>(?:\d\d){1,3}(?:\.\d{1,6})?)?)?)?"
    rb"(?P<zone>[+-](?:0\d|1[0-4])[0-5]\d)?"
)
_TIME: Final = re.compile(rb"\d\d(?::?\d\d(?::?\d\d(?:\.\d{1,6})?)?)?")
_ZONE: Final = re.compile(rb"[+-](?:0\d|1[0-4])[0-5]\d")


def shift_date(value: bytes, days: int) -> bytes | None:
    """DA: one or several dates or ranges of them; the older spelling 1999.12.31 becomes 19991231."""
    return _each(value, lambda part: _range(part, days, _shifted_date))


def shift_datetime(value: bytes, days: int) -> bytes | None:
    """DT: a value without day or month moves from its first day on, and stays as short as it was."""
    return _each(value, lambda part: _shifted_datetime(part, days) or _range(part, days, _shifted_datetime))


def keep_time(value: bytes, days: int) -> bytes | None:
    """TM: whole days do not move the time of day."""
    return _each(value, lambda part: _range(part, days, lambda time, _: _whole(_TIME, time)))


def keep_zone(value: bytes, days: int) -> bytes | None:
    """An offset from UTC, such as +0100."""
    return _whole(_ZONE, value.strip(b" \x00"))


def _each(value: bytes, shift: Callable[[bytes], bytes | None]) -> bytes | None:
    moved = [part and shift(part) for part in (part.strip(b" \x00") for part in value.split(b"\\"))]
    return None if None in moved else b"\\".join(part for part in moved if part is not None)


def _range(value: bytes, days: int, shift: Shift) -> bytes | None:
    """A single value, or one of the ranges `a-b`, `a-` and `-b`."""
    moved = [part and shift(part, days) for part in value.split(b"-")]
    return None if None in moved or len(moved) > 2 else b"-".join(part for part in moved if part is not None)


def _shifted_date(value: bytes, days: int) -> bytes | None:
    found = _DATE.fullmatch(value)
    return _moved(int(found[1]), int(found[3]), int(found[4]), days) if found else None


def _shifted_datetime(value: bytes, days: int) -> bytes | None:
    found = _DATETIME.fullmatch(value)
    if not found:
        return None
    moved = _moved(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1), days)
    known = sum(len(found[part] or b"") for part in ("year", "month", "day"))
    return moved and moved[:known] + (found["time"] or b"") + (found["zone"] or b"")


def _moved(year: int, month: int, day: int, days: int) -> bytes | None:
    try:
        return (
            date.fromordinal(date(year, month, day).toordinal() + days).strftime("%Y%m%d").zfill(8).encode()
        )
    except (ValueError, OverflowError):
        return None


def _whole(pattern: re.Pattern[bytes], value: bytes) -> bytes | None:
    return value if pattern.fullmatch(value) else None


BY_VR: Final[dict[bytes, Shift]] = {
    b"DA": shift_date,
    b"DT": shift_datetime,
    b"TM": keep_time,
    b"SH": keep_zone,
}
"""How a value of each VR is moved; by 0 days, whether it is a date at all."""
