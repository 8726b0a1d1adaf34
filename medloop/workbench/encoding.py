"""Images as the files that a training job reads: .npy for pictures, .nii.gz for volumes."""

from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from medloop.imaging.picture import Picture, Volume
from medloop.imaging.volumes import encode_volume

PICTURE: Final = ".npy"
VOLUME: Final = ".nii.gz"

_INTEGERS: Final = (np.dtype("|u1"), np.dtype("<i2"), np.dtype("<u2"))


def encode(image: Picture | Volume) -> tuple[str, bytes]:
    """How the file's name ends, and its bytes: equal for equal images."""
    if isinstance(image, Volume):
        return VOLUME, encode_volume(image)
    return PICTURE, encode_picture(image.values.astype(smallest_type(image.values)))


def encode_picture(values: NDArray[Any]) -> bytes:
    """An .npy file, version 1.0, little-endian in C order, of the numbers as they are."""
    plain = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    buffer = BytesIO()
    npy.write_array(buffer, plain, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def smallest_type(values: NDArray[Any]) -> np.dtype[Any]:
    """The first integer type that holds every value exactly, else float32."""
    lowest, highest = float(values.min()), float(values.max())
    fitting = (kind for kind in _INTEGERS if np.iinfo(kind).min <= lowest and highest <= np.iinfo(kind).max)
    found = next(fitting, None)
    if found is None or not np.array_equal(values, np.rint(values)):
        return np.dtype("<f4")
    return found
