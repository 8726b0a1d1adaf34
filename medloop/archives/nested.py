"""Whether a member is itself an archive, told by how it begins."""

import zlib
from typing import Final

from medloop.imaging.sniff import GZIP_MAGIC, Format, sniff

_ARCHIVES: Final = (Format.ZIP, Format.ARCHIVE)

HEAD_BYTES: Final = 512
"""Enough for a tar header, a DICOM preamble, and the header of a compressed NIfTI."""


def is_archive(path: str, head: bytes) -> bool:
    """`head` is the first HEAD_BYTES of the member, or all of it.

    A DICOM preamble may hold anything, so DICOM is never an archive. Gzip is one, too, unless it holds a
    NIfTI image, or is named as one that is damaged: that file's own verdict then says so.
    """
    format_ = sniff(head)
    if format_ is not Format.DICOM and head.startswith(GZIP_MAGIC):
        inside = sniff(_inflated(head))
        is_image = inside is Format.NIFTI or path.lower().endswith(".nii.gz")
        return inside in _ARCHIVES or not is_image
    return format_ in _ARCHIVES


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""
