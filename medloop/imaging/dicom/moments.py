"""When a frame was taken, relative to its study: enough to put moments in order, and no date."""

import re
from datetime import date
from typing import Final

from medloop.imaging.dicom.binary import whole
from medloop.imaging.dicom.dataset import DataSet

_TEMPORAL_POSITION, _TEMPORAL_POSITIONS, _TRIGGER_TIME = 0x00200100, 0x00200105, 0x00181060
_STUDY_DATE, _STUDY_TIME = 0x00080020, 0x00080030
_ACQUISITION_DATE, _ACQUISITION_TIME = 0x00080022, 0x00080032
_ACQUISITION_DATE_TIME: Final = 0x0008002A
_TIME: Final = re.compile(r"(\d\d)(\d\d)(\d\d(?:\.\d*)?)?(?:[+-]\d*)?$")
_DAY: Final = 86400.0
_MOST_DAYS: Final = 1
"""Examinations run past midnight, not for weeks."""


def moment_of(dataset: DataSet) -> float | None:
    """The temporal position, else milliseconds after the trigger, else seconds after the study began."""
    number = whole(dataset, _TEMPORAL_POSITION)
    if number > 0 and whole(dataset, _TEMPORAL_POSITIONS) != 1:
        return float(number)
    trigger = dataset.decimals(_TRIGGER_TIME)
    if trigger:
        return trigger[0]
    stated = dataset.word(_ACQUISITION_DATE_TIME)
    day = stated[:8] or dataset.word(_ACQUISITION_DATE)
    return seconds_between(study_start(dataset), (day, stated[8:] or dataset.word(_ACQUISITION_TIME)))


def study_start(dataset: DataSet) -> tuple[str, str]:
    return dataset.word(_STUDY_DATE), dataset.word(_STUDY_TIME)


def seconds_between(start: tuple[str, str], end: tuple[str, str]) -> float | None:
    """Between two pairs of a DICOM date and time; None where the second has no time."""
    seconds = _seconds(end[1])
    if seconds is None:
        return None
    first, last = _day(start[0]), _day(end[0])
    days = (last - first).days if first and last else 0
    if abs(days) > _MOST_DAYS:
        days = 0  # dates that were changed by different hands: only the times are of one day
    return round(days * _DAY + seconds - (_seconds(start[1]) or 0.0), 6)


def _seconds(text: str) -> float | None:
    """HHMMSS.FFFFFF, its end left out or separated by colons as of old; a time zone is cut off."""
    found = _TIME.match(text.replace(":", ""))
    if found is None:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds or 0)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace(".", "").strip()) if text else None
    except ValueError:
        return None
