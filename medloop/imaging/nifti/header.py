"""What a NIfTI header says, held against itself before a voxel is looked at."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from numpy.typing import NDArray

from medloop.imaging.limits import check_declared
from medloop.imaging.nifti.affine import placement
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

HEADER_BYTES: Final = 540
"""Of NIfTI-2, the longer one."""

_DTYPES: Final = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
    128: "u1",
    2304: "u1",
}
"""Datatypes that are read (nifti1.h); complex numbers and floats of 128 bits are not."""

_SAMPLES: Final = {128: 3, 2304: 4}
"""Bytes of a voxel in colour: RGB, and RGB with alpha."""

_RGB_VECTOR: Final = 2003
"""Intent of a last axis of three colours."""

_MOST_DIMENSIONS: Final = 4


@dataclass(frozen=True, eq=False)
class Header:
    shape: tuple[int, ...]
    """i, j, k, and time (or the three colours of an RGB vector) where there are several."""
    dtype: np.dtype[Any]
    samples: int
    """Of one voxel, side by side: 3 or 4 in colour."""
    offset: int
    """Byte at which the voxels start."""
    slope: float
    intercept: float
    affine: NDArray[np.float64]
    facts: Facts

    @property
    def expected_bytes(self) -> int:
        """Of the whole file, uncompressed."""
        return self.offset + math.prod(self.shape) * self.samples * self.dtype.itemsize


def read_header(head: bytes) -> Header:
    """From the first HEADER_BYTES of a file, or all of a shorter one.

    Raises:
        Refused: TRUNCATED, UNSUPPORTED_FORMAT for one half of a pair, BAD_HEADER, NON_FINITE.
    """
    kind: Any = Nifti2Header if head[4:7] in (b"n+2", b"ni2") else Nifti1Header
    size = kind.template_dtype.itemsize
    if len(head) < size:
        raise Refused(Reason.TRUNCATED, {"expected_bytes": size, "actual_bytes": len(head)})
    header = kind(head[:size], check=False)
    if bytes(header["magic"]).startswith((b"ni1", b"ni2")):
        raise Refused(Reason.UNSUPPORTED_FORMAT, {"format": "nifti", "problem": "pair"})
    code = int(header["datatype"])
    if code not in _DTYPES:
        raise _bad("datatype", code=code)
    samples = _SAMPLES.get(code, 1)
    shape = _shape([int(side) for side in header["dim"]], samples)
    offset = _offset(float(header["vox_offset"]), size)
    slope, intercept = _scaling(float(header["scl_slope"]), float(header["scl_inter"]))
    placed = placement(header, shape)
    is_vector = int(header["intent_code"]) == _RGB_VECTOR and shape[3:] == (3,)
    in_colour = samples > 1 or is_vector
    facts: Facts = {
        "format": "nifti",
        "columns": shape[0],
        "rows": shape[1],
        "slices": shape[2],
        "times": shape[3] if len(shape) > 3 and not in_colour else 1,
        "channels": 3 if in_colour else 1,
        "datatype": "rgb" if samples > 1 else _DTYPES[code],
        **placed.facts,
    }
    if placed.deviations:
        facts["deviations"] = ",".join(sorted(placed.deviations))
    dtype = np.dtype(_DTYPES[code]).newbyteorder(header.endianness)
    return Header(shape, dtype, samples, offset, slope, intercept, placed.affine, facts)


def _shape(dim: list[int], samples: int) -> tuple[int, ...]:
    """Axes of length 1 are left out behind the third, added before it: a plane is a volume of one slice."""
    count = dim[0]
    if not 1 <= count <= 7:
        raise _bad("dimensions", dimensions=count)
    sides = dim[1 : count + 1]
    if min(sides) < 1:
        raise _bad("dimensions", smallest=min(sides))
    check_declared(math.prod(sides) * samples, {"format": "nifti", "dimensions": count})
    sides = [*sides, 1, 1][: max(count, 3)]
    space, others = sides[:3], [side for side in sides[3:] if side > 1]
    if len(space) + len(others) + (samples > 1) > _MOST_DIMENSIONS:
        raise _bad("dimensions", dimensions=count, limit=_MOST_DIMENSIONS)
    return (*space, *others)


def _offset(stated: float, header_bytes: int) -> int:
    """Behind the header and the four bytes that tell of extensions; 0 says: as soon as these end."""
    if stated == 0:
        return header_bytes + 4
    if not (math.isfinite(stated) and header_bytes + 4 <= stated < 2**31 and stated == int(stated)):
        raise _bad("vox_offset")
    return int(stated)


def _scaling(slope: float, intercept: float) -> tuple[float, float]:
    """A slope of zero means: not scaled (nifti1.h)."""
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        raise Refused(Reason.NON_FINITE, {"format": "nifti", "problem": "scaling"})
    return (slope, intercept) if slope else (1.0, 0.0)


def _bad(problem: str, **facts: int) -> Refused:
    return Refused(Reason.BAD_HEADER, {"format": "nifti", "problem": problem, **facts})
