"""Pictures as .npy bytes: the same picture always gives the same bytes, and nothing in them can run."""

import math
import re
from io import BytesIO
from typing import Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from medloop.imaging.limits import MAX_VALUES

# numpy's own reader evaluates the header as Python text; ours accepts the one header that we write.
_PREFIX: Final = 10
_HEADER: Final = re.compile(
    rb"\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d{1,9}(?:, \d{1,9}){1,3})\), \} *\n"
)


class InvalidArray(ValueError):
    """The bytes are not a picture in .npy form."""


def encode_array(values: NDArray[np.float32]) -> bytes:
    """Little-endian float32 in C order, .npy version 1.0, of a picture's values (medloop.imaging.picture).

    Raises:
        InvalidArray: any other shape; it could not be read back.
    """
    if not _is_picture(values.shape):
        raise InvalidArray("expected (frames x) height x width (x 3)")
    buffer = BytesIO()
    npy.write_array(buffer, np.ascontiguousarray(values, dtype="<f4"), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def decode_array(data: bytes) -> NDArray[np.float32]:
    """A writable float32 array: HxW, HxWx3, FxHxW or FxHxWx3.

    Of three axes the last one alone does not tell colours from three columns: the image's facts do
    (`frames`, `channels`), and are stored beside it.

    Raises:
        InvalidArray: anything else, objects (pickles) and truncated or oversized content among them.
    """
    start = _PREFIX + int.from_bytes(data[8:10], "little")
    header = _HEADER.fullmatch(data[_PREFIX:start])
    if data[:8] != b"\x93NUMPY\x01\x00" or header is None:
        raise InvalidArray("expected .npy version 1.0 with float32, (frames x) height x width (x 3)")
    shape = tuple(int(side) for side in header[1].split(b", "))
    count = math.prod(shape)
    if not _is_picture(shape) or len(data) - start != 4 * count:
        raise InvalidArray("the shape does not fit the length")
    return np.frombuffer(data, "<f4", count, start).reshape(shape).astype(np.float32)


def _is_picture(shape: tuple[int, ...]) -> bool:
    is_ranked = len(shape) in (2, 3) or (len(shape) == 4 and shape[-1] == 3)
    return is_ranked and 0 < math.prod(shape) <= MAX_VALUES
