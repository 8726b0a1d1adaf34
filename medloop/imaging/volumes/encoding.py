"""Volumes as NIfTI files: the same volume always gives the same bytes."""

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.picture import Volume

_LEVEL: Final = 3
"""Of gzip: level 6 makes files a few per cent smaller in three times the time."""

_INTEGERS: Final = (np.dtype("<i2"), np.dtype("<u2"))
_RGB: Final = 2003
"""NIFTI_INTENT_RGB_VECTOR: the last axis is colour, not time."""


def encode_volume(volume: Volume) -> bytes:
    """A .nii.gz without any text; 16-bit integers where these hold the values exactly, else float32."""
    # Seen from behind, a slice's pixels lie as they were read where this package made the volume.
    planes = volume.values.T
    dtype = smallest_type(planes)
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", _LEVEL, buffer, mtime=0) as file:
        file.write(_header(volume, dtype))
        for plane in _each(planes):
            file.write(np.ascontiguousarray(plane, dtype=dtype).data)
    return buffer.getvalue()


def decode_volume(data: bytes) -> Volume:
    """A volume that `encode_volume` wrote, or any other NIfTI-1 file with an affine; facts tell its size.

    For files that are ours: what arrives from outside is read by medloop.imaging.read.

    Raises:
        ValueError: cut short, or anything else.
    """
    import nibabel
    from nibabel.wrapstruct import WrapStructError

    try:
        content = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        image = nibabel.nifti1.Nifti1Image.from_bytes(content)
        values = np.asarray(image.dataobj, dtype=np.float32)
    except (OSError, EOFError, zlib.error, WrapStructError, nibabel.filebasedimages.ImageFileError) as error:
        raise ValueError("not a whole NIfTI-1 file") from error
    is_colour = int(image.header["intent_code"]) == _RGB
    columns, rows, slices = values.shape[:3]
    return Volume(
        values,
        np.asarray(image.affine, np.float64),
        {
            "format": "nifti",
            "columns": columns,
            "rows": rows,
            "slices": slices,
            "times": values.shape[3] if values.ndim > 3 and not is_colour else 1,
            "channels": 3 if is_colour else 1,
        },
    )


def smallest_type(planes: NDArray[np.float32]) -> np.dtype[Any]:
    """The first 16-bit integer type that every value fits exactly, else float32."""
    fitting = list(_INTEGERS)
    for plane in _each(planes):
        lowest, highest = float(plane.min()), float(plane.max())
        fitting = [dtype for dtype in fitting if _holds(dtype, lowest, highest)]
        if not fitting or not np.array_equal(plane, np.rint(plane)):
            return np.dtype("<f4")
    return fitting[0]


def _holds(dtype: np.dtype[Any], lowest: float, highest: float) -> bool:
    limits = np.iinfo(dtype)
    return bool(limits.min <= lowest and highest <= limits.max)


def _each(planes: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Every slice, in the order of the file."""
    for index in np.ndindex(planes.shape[:-2]):
        yield planes[index]


def _header(volume: Volume, dtype: np.dtype[Any]) -> bytes:
    import nibabel

    header = nibabel.nifti1.Nifti1Header(endianness="<")
    header.set_data_dtype(dtype)
    header.set_data_shape(volume.values.shape)
    header.set_xyzt_units("mm", "sec")
    # Scanner coordinates; the quaternion cannot say that a stack leans a little, the matrix can.
    header.set_qform(volume.affine, code=1, strip_shears=True)
    header.set_sform(volume.affine, code=1)
    header.set_slope_inter(1, 0)
    if volume.facts.get("channels") == 3:
        header["intent_code"] = _RGB
    header["magic"], header["vox_offset"] = b"n+1", 352
    return bytes(header.binaryblock) + bytes(4)
