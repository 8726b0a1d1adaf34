"""The b-value of a diffusion-weighted frame, from the standard element or where vendors keep it."""

from collections.abc import Callable
from typing import Final

from medloop.imaging.dicom.binary import real
from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.private import private_tag

B_VALUE: Final = 0x00189087
_DIRECTIONALITY: Final = 0x00189075
_MOST: Final = 100_000.0

_PRIVATE: Final[tuple[tuple[int, bytes, int, Callable[[float], float]], ...]] = (
    (0x0019, b"SIEMENS MR HEADER", 0x0C, float),
    # GE adds a million or a thousand million to it in newer versions.
    (0x0043, b"GEMS_PARM_01", 0x39, lambda value: value % _MOST if value >= _MOST else value),
    (0x2001, b"Philips Imaging DD 001", 0x03, float),
    (0x0065, b"Image Private Header", 0x09, float),
)
"""Group, creator, element, and how the stored number is meant: Siemens, GE, Philips, United Imaging."""


def b_value(dataset: DataSet) -> float | None:
    """Seconds per square millimetre; None where the frame states none."""
    value = real(dataset, B_VALUE)
    if value is None:
        value = _private_b_value(dataset)
    return value if value is not None and 0 <= value < _MOST else None


def is_trace(dataset: DataSet) -> bool:
    """Averaged over all directions, as scanners add it behind what they measured (PS3.3 C.8.13.5.9)."""
    philips = dataset.word(private_tag(dataset, 0x2001, b"Philips Imaging DD 001", 0x04))
    # Philips calls what has no diffusion weighting isotropic as well.
    isotropic = dataset.word(_DIRECTIONALITY) == "ISOTROPIC" or philips == "I"
    return isotropic and (b_value(dataset) or 0.0) > 0


def _private_b_value(dataset: DataSet) -> float | None:
    for group, creator, element, meant in _PRIVATE:
        value = real(dataset, private_tag(dataset, group, creator, element))
        if value is not None:
            return meant(value)
    return None
