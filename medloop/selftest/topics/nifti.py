"""NIfTI: headers that lie, affines that disagree, and voxels of every kind."""

import math
from collections.abc import Iterator

import numpy as np

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import affine, values
from medloop.selftest.file import accepted, refused
from medloop.selftest.forge.dicom import Pixels, elements
from medloop.selftest.forge.nifti import STRAIGHT, gzipped, header, nifti

SHAPE = (6, 5, 4)
WHOLE = [*STRAIGHT, (0, 0, 0, 1)]


def voxels(shape: tuple[int, ...] = SHAPE, dtype: str = "i2", step: int = 7) -> Pixels:
    """No two alike; the first index counts fastest, as in the file."""
    return (np.arange(math.prod(shape)) * step).reshape(shape, order="F").astype(dtype)


@case("B17", "NIfTI with a negative dimension", "nibabel gives an array of shape (-5, 10, 10).")
def negative_dimension() -> Iterator[Sample]:
    yield refused("negative.nii", header((-5, 10, 10)) + bytes(1000), Reason.BAD_HEADER)
    count = nifti(voxels(), dim=[-3, 6, 5, 4, 1, 1, 1, 1])
    yield refused("negative-count.nii", count, Reason.BAD_HEADER)


@case("B18", "NIfTI of 32767 in all seven dimensions", "Computed before anything is allocated.")
def enormous() -> Iterator[Sample]:
    yield refused("enormous.nii", header((32767,) * 7) + bytes(64), Reason.DECLARED_SIZE_TOO_LARGE)


@case("B19", "NIfTI with a dimension of zero", "An empty array that passes for an image.")
def zero_dimension() -> Iterator[Sample]:
    yield refused("zero.nii", header((10, 0, 10)) + bytes(64), Reason.BAD_HEADER)


@case("B20", "NIfTI whose voxels start at byte 10^12", "Or within the header: no place that the file has.")
def absurd_offset() -> Iterator[Sample]:
    for name, offset in (
        ("far", 1e12),
        ("within-the-header", 100.0),
        ("negative", -352.0),
        ("nan", math.nan),
    ):
        yield refused(f"{name}.nii", nifti(voxels(), vox_offset=offset), Reason.BAD_HEADER)


@case("B21", "NIfTI cut short", "Opens everywhere, and fails when its voxels are asked for.")
def cut() -> Iterator[Sample]:
    whole = nifti(voxels())
    yield refused(
        "cut.nii", whole[:-50], Reason.TRUNCATED, expected_bytes=len(whole), actual_bytes=len(whole) - 50
    )
    packed = gzipped(nifti(voxels((16, 16, 16))))
    yield refused("cut.nii.gz", packed[: len(packed) // 2], Reason.TRUNCATED)


@case("B22", "NIfTI with a slope of NaN, or an affine that is no number", "Silent NaN in every batch.")
def not_finite() -> Iterator[Sample]:
    yield refused("slope.nii", nifti(voxels(), scl_slope=math.nan), Reason.NON_FINITE)
    broken = [number for row in STRAIGHT for number in row]
    broken[5] = math.inf
    yield refused("affine.nii", nifti(voxels(), srow=broken), Reason.NON_FINITE)
    holes = voxels(dtype="f4")
    holes[1, 2, 3] = math.nan
    yield refused("voxels.nii", nifti(holes), Reason.NON_FINITE)


@case("B23", "NIfTI of datatype 9999", "And a header that is cut off.")
def unknown_type() -> Iterator[Sample]:
    yield refused("type.nii", nifti(voxels(), datatype=9999), Reason.BAD_HEADER)
    complex_ = nifti(voxels(dtype="f8"), datatype=32)
    yield refused("complex.nii", complex_, Reason.BAD_HEADER)


@case(
    "E41",
    "sform and qform disagree; directions a hair off; shear",
    "Some readers take the one, some the other, some refuse a billionth of noise. The sform counts, noise "
    "within the tolerance is straightened, and what was stated wrongly is noted.",
)
def affines() -> Iterator[Sample]:
    plain = voxels()
    yield accepted("sform.nii", nifti(plain), values(plain), affine(WHOLE))
    other = elements(qform_code=1, quatern=[0.0, 0.0, 1.0], qoffset=[1.0, 2.0, 3.0])
    yield accepted("both.nii", nifti(plain, **other), values(plain), affine(WHOLE))
    # A turn by 180 degrees about k: i and j point the other way.
    turned = [[-2, 0, 0, 1], [0, -3, 0, 2], [0, 0, 4, 3], [0, 0, 0, 1]]
    yield accepted("qform.nii", nifti(plain, sform_code=0, **other), values(plain), affine(turned))
    noisy = np.array(STRAIGHT, dtype=float)
    noisy[0, 1] = 1e-7
    yield accepted("noise.nii", nifti(plain, affine=noisy.tolist()), values(plain), affine(WHOLE))
    sheared = np.array(STRAIGHT, dtype=float)
    sheared[0, 2] = 1.5
    yield accepted("shear.nii", nifti(plain, affine=sheared.tolist()))


@case(
    "E42",
    "NIfTI in float64, RGB24, four dimensions, big endian, every integer",
    "Loaders know some of them; here all end as float32 of the same values.",
)
def voxel_kinds() -> Iterator[Sample]:
    for kind in ("u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"):
        whole = voxels(dtype=kind, step=1)
        yield accepted(f"{kind}.nii", nifti(whole), values(whole), affine(WHOLE))
    big = voxels()
    yield accepted("big-endian.nii", nifti(big, order=">"), values(big), affine(WHOLE))
    series = voxels((4, 4, 3, 5))
    yield accepted("four-dimensions.nii.gz", gzipped(nifti(series)), values(series), affine(WHOLE))
    scaled = nifti(big, scl_slope=0.5, scl_inter=-10.0)
    yield accepted("scaled.nii", scaled, values(big * 0.5 - 10), affine(WHOLE))
    colour = np.stack([voxels(dtype="u1", step=2) + shift for shift in (0, 5, 9)], axis=-1).astype("u1")
    yield accepted("rgb.nii", nifti(colour, kind="rgb"), values(colour))
