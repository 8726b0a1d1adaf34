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
    rb"\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d{1,9}), (\d{1,9})(, 3)?\), \} *\n"
)


class InvalidArray(ValueError):
    """The bytes are not a picture in .npy form."""


def encode_array(values: NDArray[np.float32]) -> bytes:
    """Little-endian float32 in C order, .npy version 1.0."""
    buffer = BytesIO()
    npy.write_array(buffer, np.ascontiguousarray(values, dtype="<f4"), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def decode_array(data: bytes) -> NDArray[np.float32]:
    """A writable float32 array, HxW or HxWx3.

    Raises:
        InvalidArray: anything else, objects (pickles) and truncated or oversized content among them.
    """
    start = _PREFIX + int.from_bytes(data[8:10], "little")
    header = _HEADER.fullmatch(data[_PREFIX:start])
    if data[:8] != b"\x93NUMPY\x01\x00" or header is None:
        raise InvalidArray("expected .npy version 1.0 with float32, height x width (x 3)")
    shape = (int(header[1]), int(header[2]), 3)[: 3 if header[3] else 2]
    count = math.prod(shape)
    if not 0 < count <= MAX_VALUES or len(data) - start != 4 * count:
        raise InvalidArray("the shape does not fit the length")
    return np.frombuffer(data, "<f4", count, start).reshape(shape).astype(np.float32)
