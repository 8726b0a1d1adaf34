"""Whether a member is itself an archive, told by how it begins."""

import re
import zlib
from typing import Final

from medloop.imaging.sniff import Format, sniff

HEAD_BYTES: Final = 512
"""Enough for a tar header, a DICOM preamble, and the header of a compressed NIfTI."""

_SIGNATURES: Final = re.compile(
    rb"PK\x03\x04|PK\x05\x06|PK\x07\x08|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\xfd7zXZ\x00|BZh[1-9]1AY&SY|"
    rb"\x28\xb5\x2f\xfd|MSCF\x00\x00\x00\x00"
)
_TAR_AT, _TAR = 257, b"ustar"


def is_archive(path: str, head: bytes) -> bool:
    """`head` is the first HEAD_BYTES of the member, or all of it.

    A DICOM preamble may hold anything, so DICOM is never an archive. Gzip is one, too, unless it holds a
    NIfTI image, or is named as one that is damaged: that file's own verdict then says so.
    """
    format_ = sniff(head)
    if format_ is Format.DICOM:
        return False
    if format_ is Format.GZIP:
        inside = _inflated(head)
        is_image = sniff(inside) is Format.NIFTI or path.lower().endswith(".nii.gz")
        return _begins_archive(inside) or not is_image
    return _begins_archive(head)


def _begins_archive(head: bytes) -> bool:
    return _SIGNATURES.match(head) is not None or head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""
