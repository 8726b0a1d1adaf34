"""What enhanced objects say of each frame in nested items, one group for each aspect (PS3.3 C.7.6.16)."""

from collections.abc import Callable
from typing import Any, Final

from medloop.imaging.dicom.binary import real, unsigned
from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.diffusion import b_value
from medloop.imaging.dicom.directions import is_length, length_mm, orientation, position
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.frame_kinds import frame_kind
from medloop.imaging.dicom.moments import seconds_between, study_start

SHARED: Final = 0x52009229
PER_FRAME: Final = 0x52009230

Fields = dict[str, Any]
"""Of medloop.rules.series.Frame."""

_PIXEL_SPACING, _THICKNESS, _BETWEEN = 0x00280030, 0x00180050, 0x00180088
_ECHO_TIME, _DIRECTIONALITY = 0x00189082, 0x00189075
_FRAME_TYPE: Final = 0x00089007
_TEMPORAL_INDEX, _FRAME_ACQUISITION, _FRAME_TIME = 0x00209128, 0x00209156, 0x00189074
_TRIGGER_DELAY, _TIME_OFFSET = 0x00209153, 0x0020930D


def read_groups(file: DicomFile, frames: int) -> list[Fields]:
    """For each frame what its own groups and the shared ones say; the frame's own count."""
    start = study_start(file)
    shared: Fields = {}
    for item in file.items(SHARED):
        shared = _fields(item, start)
        break
    found = [
        shared | _fields(item, start) for item, _ in zip(file.items(PER_FRAME), range(frames), strict=False)
    ]
    return [_with_moment(fields) for fields in found + [shared] * (frames - len(found))]


def _fields(item: DataSet, start: tuple[str, str]) -> Fields:
    found: Fields = {}
    for tag, read in _GROUPS.items():
        if tag in item.elements:
            for group in item.items(tag):
                found |= read(group)
                break
    date_time = found.pop("date_time", "")
    if date_time:
        found["seconds"] = seconds_between(start, (date_time[:8], date_time[8:]))
    return found


def _with_moment(fields: Fields) -> Fields:
    """The frame's place in time by the first of three ways to tell it."""
    ways = [fields.get(way) for way in ("index", "milliseconds", "seconds")]
    time = next((float(value) for value in ways if value is not None), None)
    rest = {name: value for name, value in fields.items() if name not in ("index", "milliseconds", "seconds")}
    return rest if time is None else rest | {"time": time}


def _measures(group: DataSet) -> Fields:
    spacing = group.decimals(_PIXEL_SPACING)
    found: Fields = {}
    if len(spacing) == 2 and all(map(is_length, spacing)):
        found |= {"row_mm": spacing[0], "column_mm": spacing[1]}
    for name, tag in (("thickness_mm", _THICKNESS), ("spacing_between_mm", _BETWEEN)):
        length = length_mm(group, tag)
        if length is not None:
            found[name] = length
    return found


def _position(group: DataSet) -> Fields:
    point = position(group)
    return {"position": point} if point else {}


def _orientation(group: DataSet) -> Fields:
    directions = orientation(group)
    return {"along_row": directions[0], "along_column": directions[1]} if directions else {}


def _content(group: DataSet) -> Fields:
    found: Fields = {"date_time": group.word(_FRAME_TIME)}
    index, acquisition = unsigned(group, _TEMPORAL_INDEX), unsigned(group, _FRAME_ACQUISITION)
    if index is not None:
        found["index"] = index
    if acquisition is not None:
        found["acquisition"] = acquisition
    return found


def _diffusion(group: DataSet) -> Fields:
    found: Fields = {}
    value = b_value(group)
    if value is not None:
        found["b_value"] = value
    # What was averaged over all directions (PS3.3 C.8.13.5.9).
    is_trace = group.word(_DIRECTIONALITY) == "ISOTROPIC"
    return found | ({"kind": "trace"} if is_trace else {})


def _echo(group: DataSet) -> Fields:
    time = real(group, _ECHO_TIME)
    return {"echo": time} if time is not None and time >= 0 else {}


def _frame_type(group: DataSet) -> Fields:
    kind = frame_kind(group, _FRAME_TYPE)
    return {"kind": kind} if kind else {}


def _one_of(name: str, tag: int) -> Callable[[DataSet], Fields]:
    def read(group: DataSet) -> Fields:
        value = real(group, tag)
        return {} if value is None else {name: value}

    return read


_GROUPS: Final[dict[int, Callable[[DataSet], Fields]]] = {
    0x00209113: _position,
    0x00209116: _orientation,
    0x00289110: _measures,
    0x00209111: _content,
    0x00189114: _echo,
    0x00189226: _frame_type,  # MR, CT, PET, XA and RF name the same sequence differently
    0x00189329: _frame_type,
    0x00189751: _frame_type,
    0x00189412: _frame_type,
    0x00189117: _diffusion,
    0x00189118: _one_of("milliseconds", _TRIGGER_DELAY),
    0x00209310: _one_of("seconds", _TIME_OFFSET),
}
"""Sequences that hold one group, and how to read it; later ones count more."""
