"""Slices through a field that has one value at every point of space.

Wherever a volume puts its voxels, their values tell whether it put them right: orientation, order,
spacing, origin and interpolation are all checked by one comparison.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from medloop.selftest.forge.dicom import ENHANCED_MR, MR, Pixels, dataset, part10

Vector = tuple[float, float, float]

AXIAL: Final = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
"""Directions along a row and along a column, LPS."""

SAGITTAL: Final = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
CORONAL: Final = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))

ROWS, COLUMNS = 12, 10
ROW_MM, COLUMN_MM = 2.0, 1.0
_WEIGHTS: Final = np.array([3.0, 5.0, 7.0])


def field(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The value at points of RAS space (millimetres, last axis); positive within 200 mm of the origin."""
    values: NDArray[np.float64] = points @ _WEIGHTS + 4000
    return values


@dataclass(frozen=True)
class Plane:
    """One slice's place, LPS, millimetres."""

    position: Vector
    along_row: Vector = AXIAL[0]
    along_column: Vector = AXIAL[1]

    def moved(self, by: Sequence[float]) -> "Plane":
        x, y, z = (start + step for start, step in zip(self.position, by, strict=True))
        return replace(self, position=(x, y, z))

    def pixels(self, echo: int = 0) -> Pixels:
        """What the field shows here; each echo a thousand brighter."""
        rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
        across = columns[..., None] * COLUMN_MM * np.array(self.along_row)
        down = rows[..., None] * ROW_MM * np.array(self.along_column)
        lps = np.array(self.position) + across + down
        return np.rint(field(lps * [-1, -1, 1]) + 1000 * echo).astype("u2")

    def geometry(self) -> dict[str, Any]:
        return {
            "ImagePositionPatient": [f"{number:g}" for number in self.position],
            "ImageOrientationPatient": [f"{number:g}" for number in (*self.along_row, *self.along_column)],
            "PixelSpacing": [f"{ROW_MM:g}", f"{COLUMN_MM:g}"],
            "SliceThickness": "3",
        }


def planes(
    count: int, step: Vector = (0.0, 0.0, 3.0), orientation: tuple[Vector, Vector] = AXIAL
) -> list[Plane]:
    """A stack of them, from a point that is nowhere special."""
    first = Plane((-12.0, -20.0, 5.0), *orientation)
    return [first.moved([number * part for part in step]) for number in range(count)]


def slice_file(plane: Plane, number: int, echo: int = 0, **changes: Any) -> bytes:
    """A plain MR slice."""
    pixels = plane.pixels(echo)
    # ×2 stored, ×0.5 by the header: whoever forgets the rescale is found out as well.
    made = dataset(pixels * 2, MR, number, RescaleSlope="0.5", RescaleIntercept="0", **plane.geometry())
    for keyword, value in {"AcquisitionNumber": "1", "EchoTime": str(10 + echo), **changes}.items():
        setattr(made, keyword, value)
    return part10(made)


def enhanced_file(through: Sequence[Plane], slopes: Sequence[float] | None = None) -> bytes:
    """All planes as frames of one enhanced object: spacing and orientation shared, the rest per frame."""
    factors = list(slopes or [0.5] * len(through))
    stored = [np.rint(plane.pixels() / factor) for plane, factor in zip(through, factors, strict=True)]
    made = dataset(np.stack(stored).astype("u2"), ENHANCED_MR, NumberOfFrames=str(len(through)))
    made.SharedFunctionalGroupsSequence = Items([_shared(through[0])])
    frames = [_frame(plane, number + 1, factors[number]) for number, plane in enumerate(through)]
    made.PerFrameFunctionalGroupsSequence = Items(frames)
    return part10(made)


def _shared(plane: Plane) -> Dataset:
    geometry = plane.geometry()
    measures = _item(PixelSpacing=geometry["PixelSpacing"], SliceThickness="3", SpacingBetweenSlices="3")
    orientation = _item(ImageOrientationPatient=geometry["ImageOrientationPatient"])
    return _item(PixelMeasuresSequence=Items([measures]), PlaneOrientationSequence=Items([orientation]))


def _frame(plane: Plane, number: int, slope: float) -> Dataset:
    position = _item(ImagePositionPatient=plane.geometry()["ImagePositionPatient"])
    rescale = _item(RescaleSlope=f"{slope:g}", RescaleIntercept="0", RescaleType="US")
    content = _item(StackID="1", InStackPositionNumber=number, DimensionIndexValues=[1, number])
    return _item(
        PlanePositionSequence=Items([position]),
        PixelValueTransformationSequence=Items([rescale]),
        FrameContentSequence=Items([content]),
    )


def _item(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made
