"""Series: what belongs together, in which order, how far apart, and when it is no volume at all."""

from collections.abc import Iterator
from typing import Any, Final

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.forge.dicom import UID_ROOT, dicom, ramp
from medloop.selftest.forge.series import (
    AXIAL,
    COLUMNS,
    CORONAL,
    ROWS,
    SAGITTAL,
    Plane,
    enhanced_file,
    planes,
    slice_file,
)
from medloop.selftest.policies import policy
from medloop.selftest.series import Series

SEVEN: Final = (COLUMNS, ROWS, 7)


def files(through: list[Plane], first: int = 1, **changes: Any) -> tuple[bytes, ...]:
    return tuple(slice_file(plane, number, **changes) for number, plane in enumerate(through, start=first))


@case(
    "E21",
    "Missing slices, irregular spacing",
    "A gap of 182 mm passes silently and stretches the patient: refused beyond the project's tolerance.",
)
def gaps() -> Iterator[Sample]:
    seven = planes(7)
    yield Series("E21/shuffled", files(seven)[::-1], (SEVEN,))
    yield Series("E21/slice-missing", files(seven[:3] + seven[4:]), (), (Reason.SERIES_INCOMPLETE,))
    wide = [plane.moved((0, 0, 1.0 * (number > 3))) for number, plane in enumerate(seven)]
    yield Series("E21/irregular", files(wide), (), (Reason.SERIES_IRREGULAR,))
    hair = [plane.moved((0, 0, 0.01 * (number % 2))) for number, plane in enumerate(seven)]
    yield Series("E21/within-tolerance", files(hair), (SEVEN,))
    accepting = policy("gaps", series={"gaps": "accept"})
    yield Series("E21/accepted", files(wide), (SEVEN,), project=accepting, within=30)


@case(
    "E22",
    "Localizer and other orientations in the series",
    "Seen in three Dutch hospitals: one foreign slice turns the volume silently. Split by orientation, "
    "localizers left out.",
)
def localizers() -> Iterator[Sample]:
    scout = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    views = [planes(1, orientation=way)[0] for way in (AXIAL, SAGITTAL, CORONAL)]
    yield Series("E22/localizer", files(views, first=90, ImageType=scout) + files(planes(7)), (SEVEN,))
    across = files(planes(5, (2.0, 0.0, 0.0), SAGITTAL), first=20)
    yield Series("E22/two-orientations", files(planes(7)) + across, (SEVEN, (ROWS, COLUMNS, 5)))


@case(
    "E23",
    "Gantry tilt",
    "Slices that are shifted against each other: stacked straight they shear the head. Told by positions, "
    "not by the tag; sheared upright, or refused.",
)
def tilt() -> Iterator[Sample]:
    leaning = files(planes(7, (0.0, 1.0, 3.0)))
    yield Series("E23/resampled", leaning, ((COLUMNS, ROWS + 3, 7),), within=1.0, margin=4)
    refusing = policy("upright", series={"tilt": "refuse"})
    yield Series("E23/refused", leaning, (), (Reason.SERIES_TILTED,), project=refusing)


@case(
    "E24",
    "Echoes, acquisitions and copies in one series",
    "All at the same places: one volume of twice as many slices. Grouped by what differs, copies once.",
)
def overlapping() -> Iterator[Sample]:
    seven = planes(7)
    echoes = files(seven) + files(seven, first=8, echo=1)
    yield Series("E24/two-echoes", echoes, (SEVEN, SEVEN))
    acquired = files(seven) + files(seven, first=8, AcquisitionNumber="2")
    yield Series("E24/two-acquisitions", acquired, (SEVEN, SEVEN))
    yield Series("E24/slice-twice", files(seven) + files(seven[2:4], first=3), (SEVEN,))


@case(
    "E26",
    "Several series in one folder",
    "Readers take the first and lose the rest: every series of the folder becomes its own volume.",
)
def several_series() -> Iterator[Sample]:
    other = files(planes(5), first=11, SeriesInstanceUID=f"{UID_ROOT}.2.2")
    yield Series("E26/mixed", other[:2] + files(planes(7)) + other[2:], (SEVEN, (COLUMNS, ROWS, 5)))


@case(
    "E27",
    "Enhanced multi-frame",
    "Spacing, position and slope stand in groups per frame: `missing` to whoever looks at the top level.",
)
def enhanced() -> Iterator[Sample]:
    seven = planes(7)
    yield Series("E27/enhanced", (enhanced_file(seven),), (SEVEN,))
    shuffled = [seven[number] for number in (3, 0, 6, 1, 5, 2, 4)]
    slopes = [0.5, 0.25, 1.0, 2.0, 0.5, 1.0, 0.25]
    yield Series("E27/slopes-per-frame", (enhanced_file(shuffled, slopes),), (SEVEN,), within=1.01)


@case(
    "D20",
    "Too little for a volume",
    "A single slice; slices without a place. The pictures stay, no volume is made up.",
)
def too_little() -> Iterator[Sample]:
    yield Series("D20/one", files(planes(1)), (), (Reason.SERIES_TOO_SHORT,))
    nowhere = tuple(dicom(ramp() + number, number=number + 1) for number in range(4))
    yield Series("D20/nowhere", nowhere, (), (Reason.SERIES_NO_GEOMETRY,))
