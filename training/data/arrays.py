"""The bytes of an array file to numbers: .npy for pictures, .nii.gz for volumes. Nothing in them can run."""

import math
import re
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.volumes import decode_volume
from training.failures import InvalidArray

LARGEST_IMAGE = 400_000_000
"""Values in one array. More is not an image but an attempt on our memory."""

LARGEST_FILE = 8 * LARGEST_IMAGE
"""Bytes, unpacked."""

LARGEST_VALUE = 1e30
"""Sums over an image of such values still fit a float32."""

HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<dtype>[!-&(-~]{1,16})', 'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>(\d{1,9}(, |,)?){0,8})\), \} *\n",
    re.DOTALL,
)
NUMBERS = re.compile(r"[<>|](f[48]|[iu][1248])")
LONGEST_HEADER = 256
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, eq=False)
class Scan:
    """One image as it was frozen."""

    values: NDArray[np.float32]
    """[channel, row, column], or [channel, i, j, k] as NIfTI orders them; 1 or 3 channels."""
    affine: NDArray[np.float64] | None = None
    """4x4, voxel indices to millimetres, RAS+; None for a picture."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Without the channels."""
        return self.values.shape[1:]


@dataclass(frozen=True)
class Header:
    """What an .npy file says of its array."""

    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    length: int
    """Bytes before the first value."""


def decode_scan(content: bytes, volume: bool) -> Scan:
    """Raises InvalidArray: the content is no picture (or volume), said in a sentence."""
    return decode_nifti(content) if volume else decode_npy(content)


def decode_npy(content: bytes) -> Scan:
    """The HxW or HxWx3 picture in the bytes of an .npy file, as numpy.save writes them.

    The header is matched, not evaluated, and nothing is allocated on its word alone: numpy's own reader
    parses it as Python, reserves the memory it claims, and would unpickle if asked.

    Raises:
        InvalidArray: anything else, said in a sentence.
    """
    header = read_header(content)
    if NUMBERS.fullmatch(header.dtype) is None:
        raise InvalidArray("the array holds something other than real numbers")
    if len(header.shape) not in (2, 3) or header.shape[2:] not in ((), (3,)) or 0 in header.shape:
        raise InvalidArray(f"the array is shaped {header.shape}; expected HxW or HxWx3")
    dtype, count = np.dtype(header.dtype), math.prod(header.shape)
    if count > LARGEST_IMAGE or len(content) - header.length != count * dtype.itemsize:
        raise InvalidArray("the array's size is not what its header says, or too large")
    values: NDArray[Any] = np.frombuffer(content, dtype, offset=header.length)
    picture = values.reshape(header.shape, order="F" if header.fortran else "C")
    return Scan(_channels_first(_finite(picture), 2))


def read_header(content: bytes) -> Header:
    """Raises InvalidArray; `content` may be cut off after the header."""
    found = HEADER.match(content)
    if found is None or int.from_bytes(content[8:10], "little") != found.end() - 10:
        raise InvalidArray("not an .npy file")
    shape = tuple(int(side) for side in found["shape"].split(b",") if side.strip())
    return Header(found["dtype"].decode("ascii"), shape, found["fortran"] == b"True", found.end())


def decode_nifti(content: bytes) -> Scan:
    """The volume in a NIfTI file, gzipped or not.

    Raises:
        InvalidArray: anything else, said in a sentence.
    """
    try:
        volume = decode_volume(_unpacked(content))
    except (ValueError, zlib.error) as error:
        raise InvalidArray("not a whole NIfTI file of three dimensions") from error
    is_colour = volume.facts["channels"] == 3
    if volume.values.ndim != 3 + is_colour or 0 in volume.values.shape:
        raise InvalidArray("the volume has more than three dimensions")
    return Scan(_channels_first(_finite(volume.values), 3), volume.affine)


def _unpacked(content: bytes) -> bytes:
    """Bounded: a few kilobytes of gzip can claim a terabyte."""
    if content[:2] != GZIP:
        return content
    unpacker = zlib.decompressobj(wbits=31)
    unpacked = unpacker.decompress(content, LARGEST_FILE)
    if not unpacker.eof:
        raise InvalidArray("the volume is cut off, or too large unpacked")
    return unpacked


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    if not (np.abs(values) <= LARGEST_VALUE).all():  # NaN compares false
        raise InvalidArray("the array holds NaN, infinite or absurdly large values")
    return values


def _channels_first(values: NDArray[Any], dims: int) -> NDArray[np.float32]:
    """A copy: the array may be a read-only view of the file's bytes."""
    first = values[None] if values.ndim == dims else np.moveaxis(values, -1, 0)
    return np.array(first, dtype=np.float32, order="C")
