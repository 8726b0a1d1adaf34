"""How large a pixel is, in the patient or on the detector; never invented."""

from collections.abc import Iterable, Iterator
from typing import Final

from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.picture import Facts

_PIXEL_SPACING = 0x00280030
_ON_DETECTOR: Final = (0x00181164, 0x00182010)
"""ImagerPixelSpacing; NominalScannedPixelSpacing, of a film."""
_GROUPS: Final = (0x52009229, 0x52009230)
_MEASURES: Final = 0x00289110


def read_spacing(file: DicomFile) -> Facts:
    """`spacing` is "calibrated", "uncalibrated" (on the detector) or "unknown".

    `row_mm` and `column_mm` are the distances between rows and between columns.
    """
    detector = _usable(file.decimals(tag) for tag in _ON_DETECTOR)
    # Equal to the detector's it says that nobody has calibrated it (PS3.3 §10.7.1.3).
    patient = _usable(_in_patient(file))
    spacing = patient or detector
    if not spacing:
        return {"spacing": "unknown"}
    calibration = "uncalibrated" if spacing == detector else "calibrated"
    return {"spacing": calibration, "row_mm": spacing[0], "column_mm": spacing[1]}


def _usable(candidates: Iterable[tuple[float, ...]]) -> tuple[float, ...]:
    """The first that are two lengths; () where none is."""
    return next((numbers for numbers in candidates if len(numbers) == 2 and min(numbers) > 0), ())


def _in_patient(file: DicomFile) -> Iterator[tuple[float, ...]]:
    """At the top, or in enhanced objects for all frames or the first of them (PS3.3 C.7.6.16.2.1)."""
    yield file.decimals(_PIXEL_SPACING)
    for group in _GROUPS:
        for item in file.items(group):
            yield from _of_measures(item)
            break


def _of_measures(item: DataSet) -> Iterator[tuple[float, ...]]:
    for measures in item.items(_MEASURES):
        yield measures.decimals(_PIXEL_SPACING)
