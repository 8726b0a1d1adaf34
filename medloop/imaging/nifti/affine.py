"""Where the voxels of a NIfTI file lie: the one transform of three that counts (nifti1.h, methods 1 to 3)."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from medloop.imaging.boundary import DECODER_ERRORS
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

Matrix = NDArray[np.float64]

_MILLIMETRES: Final = {1: 1000.0, 2: 1.0, 3: 0.001}
"""Of the spatial units metre, millimetre, micron; unknown counts as millimetre."""

_SHARE_OF_A_VOXEL: Final = 0.01
"""By which two transforms may differ at any corner of the volume: tools round to float32."""

_LEAST_VOLUME: Final = 1e-6
"""Of the parallelepiped that the three directions span, 1 where they are orthogonal."""


@dataclass(frozen=True, eq=False)
class Placement:
    affine: Matrix
    """4x4, voxel indices to millimetres, RAS+."""
    facts: Facts
    """`orientation` says which transform counts: "sform", "qform", or "unknown"; `spacing` as everywhere."""
    deviations: frozenset[str]


def placement(header: Any, shape: tuple[int, ...]) -> Placement:
    """As nibabel chooses: the sform where it is set, else the qform, else the sizes alone around the centre.

    Sizes are read as positive, as nifti1.h says; an axis that a file of fewer dimensions lacks counts as 1 mm
    thick where nothing is said about it.

    Raises:
        Refused: NON_FINITE, or BAD_HEADER for a transform that puts different voxels at one place.
    """
    sform_code, qform_code = int(header["sform_code"]), int(header["qform_code"])
    unit = int(header["xyzt_units"]) & 7
    deviations = set() if sform_code > 0 else _positive_sizes(header)
    if sform_code > 0:
        orientation, affine = "sform", header.get_sform()
        if sform_code == qform_code and _differ(affine, _qform(header), shape):
            deviations.add("affines_differ")
    elif qform_code > 0:
        orientation, affine = "qform", _stated_qform(header)
    else:
        orientation, affine = "unknown", header.get_base_affine()
    affine = np.array(affine, np.float64)
    affine[:3] *= _MILLIMETRES.get(unit, 1.0)
    if _is_sheared(affine):
        deviations.add("sheared")
    is_told = orientation != "unknown" or unit in _MILLIMETRES
    facts: Facts = {"orientation": orientation, "spacing": "calibrated" if is_told else "unknown"}
    return Placement(affine, facts, frozenset(deviations))


def _positive_sizes(header: Any) -> set[str]:
    """Correct the header's voxel sizes where they count; what was wrong with them."""
    present = min(int(header["dim"][0]), 3)
    sizes = header["pixdim"][1:4]
    if not np.isfinite(sizes).all():
        raise Refused(Reason.NON_FINITE, {"format": "nifti", "problem": "pixdim"})
    if not sizes[:present].all():
        raise Refused(Reason.BAD_HEADER, {"format": "nifti", "problem": "pixdim"})
    header["pixdim"][1:4] = np.where(sizes == 0, 1, np.abs(sizes))
    return {"negative_spacing"} if (sizes[:present] < 0).any() else set()


def _qform(header: Any) -> Matrix | None:
    """None where the quaternion or the sizes with it make no sense."""
    # Anything but -1 means 1 (nifti1.h); nibabel would refuse the zero of many a writer.
    header["pixdim"][0] = -1 if header["pixdim"][0] < 0 else 1
    try:
        affine: Matrix = header.get_qform()
    except (*DECODER_ERRORS, HeaderDataError):
        return None
    return affine


def _stated_qform(header: Any) -> Matrix:
    affine = _qform(header)
    if affine is None:
        raise Refused(Reason.BAD_HEADER, {"format": "nifti", "problem": "quaternion"})
    return affine


def _differ(affine: Matrix, other: Matrix | None, shape: tuple[int, ...]) -> bool:
    if other is None or not np.isfinite(affine).all():
        return other is None
    corners = np.indices((2, 2, 2)).reshape(3, -1) * (np.array(shape[:3]).reshape(3, 1) - 1)
    apart = (affine - other) @ np.vstack([corners, np.ones(8)])
    return not np.abs(apart).max() <= _SHARE_OF_A_VOXEL * np.linalg.norm(affine[:3, :3], axis=0).min()


def _is_sheared(affine: Matrix) -> bool:
    """Whether the axes are not orthogonal, beyond what rounding explains."""
    if not np.isfinite(affine).all():
        raise Refused(Reason.NON_FINITE, {"format": "nifti", "problem": "affine"})
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not (lengths.min() > 0 and np.isfinite(lengths).all()):
        raise Refused(Reason.BAD_HEADER, {"format": "nifti", "problem": "affine"})
    volume = abs(np.linalg.det(affine[:3, :3] / lengths))
    if volume < _LEAST_VOLUME:
        raise Refused(Reason.BAD_HEADER, {"format": "nifti", "problem": "affine"})
    return bool(volume < 1 - _SHARE_OF_A_VOXEL)
