"""NIfTI with nothing but its voxels and where they lie: free text is emptied, extensions are left out."""

import gzip
import struct
import zlib
from io import BytesIO
from typing import Final

from medloop.deidentify.result import Deidentified
from medloop.imaging.limits import MAX_INFLATED
from medloop.imaging.nifti.header import HEADER_BYTES, Header, read_header
from medloop.rules.reasons import Reason, Refused

_GZIP: Final = b"\x1f\x8b"
_LEVEL: Final = 4
_PIECE: Final = 2**20

_TEXT_1: Final = ((4, 38), (140, 148), (148, 228), (228, 252), (328, 344))
"""data_type, db_name, extents, session_error; glmax, glmin; descrip; aux_file; intent_name (nifti1.h)."""
_TEXT_2: Final = ((240, 320), (320, 344), (508, 524), (525, 540))
"""descrip; aux_file; intent_name; unused_str (nifti2.h)."""
_OFFSET_1, _OFFSET_2 = 108, 168
_SIZE_1, _SIZE_2 = 348, 540
_NO_EXTENSION: Final = bytes(4)


def deidentify_nifti(data: bytes) -> Deidentified:
    """The same voxels bit for bit, gzipped where they were, without the archive's file name and time.

    Raises:
        Refused: as medloop.imaging.nifti.header.read_header; TRUNCATED, UNDECODABLE, EXPANSION_LIMIT.
    """
    zipped = data.startswith(_GZIP)
    header = read_header(_inflated(data, HEADER_BYTES, exact=False) if zipped else data[:HEADER_BYTES])
    if header.expected_bytes > (MAX_INFLATED if zipped else len(data)):
        raise _too_large(header, len(data), zipped)
    plain = _inflated(data, header.expected_bytes) if zipped else data
    voxels = memoryview(plain)[header.offset : header.expected_bytes]
    head, emptied = _cleaned_head(plain)
    content = b"".join((head, _NO_EXTENSION, voxels))
    emptied += header.offset > len(head) + len(_NO_EXTENSION)
    return Deidentified(_zipped(content) if zipped else content, {"emptied": emptied} if emptied else {})


def _cleaned_head(plain: bytes) -> tuple[bytes, int]:
    """The header, and how many of its fields held anything."""
    is_first = plain[344:348] == b"n+1\x00"
    head = bytearray(plain[: _SIZE_1 if is_first else _SIZE_2])
    emptied = 0
    for start, end in _TEXT_1 if is_first else _TEXT_2:
        emptied += any(head[start:end])
        head[start:end] = bytes(end - start)
    start = len(head) + len(_NO_EXTENSION)
    order = "<" if head[:4] == len(head).to_bytes(4, "little") else ">"
    if is_first:
        struct.pack_into(f"{order}f", head, _OFFSET_1, start)
    else:
        struct.pack_into(f"{order}q", head, _OFFSET_2, start)
    return bytes(head), emptied


def _inflated(data: bytes, size: int, exact: bool = True) -> bytes:
    """The first `size` bytes."""
    content = bytearray()
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as file:
            while len(content) < size and (piece := file.read(min(_PIECE, size - len(content)))):
                content += piece
    except EOFError:
        pass  # too short, or cut behind the header
    except (OSError, zlib.error):
        raise Refused(Reason.UNDECODABLE, {"format": "nifti", "problem": "gzip"}) from None
    if exact and len(content) < size:
        raise Refused(
            Reason.TRUNCATED, {"format": "nifti", "expected_bytes": size, "actual_bytes": len(content)}
        )
    return bytes(content)


def _zipped(content: bytes) -> bytes:
    """With a header that says nothing: no name, no time."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def _too_large(header: Header, size: int, zipped: bool) -> Refused:
    facts = {**header.facts, "expected_bytes": header.expected_bytes, "actual_bytes": size}
    return Refused(Reason.EXPANSION_LIMIT if zipped else Reason.TRUNCATED, facts)
