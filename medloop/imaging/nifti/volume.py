"""Reads a NIfTI volume: its voxels in their units, and where they lie."""

import gzip
import zlib
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.limits import MAX_INFLATED
from medloop.imaging.nifti.header import HEADER_BYTES, Header, read_header
from medloop.imaging.picture import Volume
from medloop.imaging.values import check_finite
from medloop.rules.reasons import Reason, Refused

_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 2**20


def read_nifti(data: bytes) -> Volume:
    """A volume of shape (i, j, k), (i, j, k, time) or, in colour, (i, j, k, 3); a plane has one slice.

    Single files of NIfTI-1 and -2 in both byte orders. Gzip is inflated as far as the header says that there
    are voxels. Extensions and all text are passed over; alpha is dropped.

    Raises:
        Refused: see docs/reasons.md.
    """
    content: bytes | bytearray = data
    if data.startswith(_GZIP):
        header = read_header(bytes(_beginning(data)))
        if header.expected_bytes > MAX_INFLATED:
            sizes = {"expected_bytes": header.expected_bytes, "limit_bytes": MAX_INFLATED}
            raise Refused(Reason.EXPANSION_LIMIT, {**header.facts, **sizes, "actual_bytes": len(data)})
        content = _inflated(data, header)
    else:
        header = read_header(data[:HEADER_BYTES])
    if len(content) < header.expected_bytes:
        raise _cut(header, len(content))
    values = _voxels(content, header)
    check_finite(values, header.facts)
    return Volume(values, header.affine, header.facts)


def _beginning(data: bytes) -> bytearray:
    """As much of the header as there is."""
    head = bytearray()
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as file:
            while len(head) < HEADER_BYTES and (piece := file.read1(HEADER_BYTES - len(head))):
                head += piece
    except EOFError:
        return head
    except (OSError, zlib.error):
        raise _damaged() from None
    return head


def _inflated(data: bytes, header: Header) -> bytearray:
    """All that the header speaks of; the checksum is verified where the stream ends there."""
    content = bytearray()
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as file:
            while missing := header.expected_bytes - len(content):
                piece = file.read1(min(_PIECE, missing))
                if not piece:
                    return content
                content += piece
            file.read1(1)
    except EOFError:
        raise _cut(header, len(content)) from None
    except (OSError, zlib.error):
        raise _damaged() from None
    return content


def _cut(header: Header, size: int) -> Refused:
    sizes = {"expected_bytes": header.expected_bytes, "actual_bytes": size}
    return Refused(Reason.TRUNCATED, {**header.facts, **sizes})


def _damaged() -> Refused:
    return Refused(Reason.UNDECODABLE, {"format": "nifti", "problem": "gzip"})


def _voxels(content: bytes | bytearray, header: Header) -> NDArray[np.float32]:
    count = (header.expected_bytes - header.offset) // header.dtype.itemsize
    stored = np.frombuffer(content, header.dtype, count, header.offset)
    if header.samples > 1:
        # The bytes of a voxel lie side by side, the first index counts fastest.
        colours = stored.reshape((header.samples, *header.shape), order="F")[:3]
        return np.ascontiguousarray(np.moveaxis(colours, 0, -1), dtype=np.float32)
    voxels = stored.reshape(header.shape, order="F")
    if (header.slope, header.intercept) == (1.0, 0.0):
        return voxels.astype(np.float32)
    values = np.empty(header.shape, np.float32, order="F")
    for index in np.ndindex(header.shape[2:]):
        # In double precision: large numbers with a large intercept would lose their last digits.
        values[:, :, *index] = voxels[:, :, *index] * header.slope + header.intercept
    return values
