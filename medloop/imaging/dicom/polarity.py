"""Echo-planar pictures that GE's research sequence stores upside down, under the header of the others.

`epi_pepolar` encodes phase in one direction and in the other, to measure how the field distorts. What it took
against the usual direction lies mirrored in the file, and no standard element says so: dcm2niix turns it
back as well, and the head shows it.
"""

from collections.abc import Callable
from typing import Any, Final

from medloop.imaging.dicom.binary import whole
from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.private import private_tag
from medloop.rules.stacks.vectors import plus, times

_CREATOR: Final = b"GEMS_ACQU_01"
_SEQUENCE_NAME, _ORDER = 0x9C, 0xB3
_TEMPORAL_POSITION, _PHASE_DIRECTION = 0x00200100, 0x00181312

_MIRRORED: Final[dict[float, Callable[[int], bool]]] = {
    1.0: lambda moment: True,
    2.0: lambda moment: moment % 2 == 1,
    3.0: lambda moment: moment % 2 == 0,
}
"""By user variable 12: all of them, the first of every two, the second of every two."""


def is_mirrored(dataset: DataSet) -> bool:
    """Whether the first row of the file is the last one of the patient."""
    if not dataset.word(private_tag(dataset, 0x0019, _CREATOR, _SEQUENCE_NAME)).endswith("epi_pepolar"):
        return False
    order = dataset.decimals(private_tag(dataset, 0x0019, _CREATOR, _ORDER))
    is_told = bool(order) and order[0] in _MIRRORED and dataset.word(_PHASE_DIRECTION) == "COL"
    return is_told and _MIRRORED[order[0]](whole(dataset, _TEMPORAL_POSITION))


def turned_back(plane: dict[str, Any], rows: int, row_mm: float | None) -> dict[str, Any]:
    """Where a mirrored picture truly lies: from its last row to its first."""
    if row_mm is None:
        return plane
    down = plane["along_column"]
    last = plus(plane["position"], times(down, (rows - 1) * row_mm))
    return {**plane, "position": last, "along_column": times(down, -1)}
