"""Zeros by the gigabyte, compressed without ever being held."""

import struct
import zlib
from typing import Final

GIGABYTE: Final = 2**30
_BLOCK: Final = 2**20


def deflated_zeros(size: int = GIGABYTE, before: bytes = b"") -> bytes:
    """Raw deflate of `before` and then zeros, about a thousandth of them.

    A block that was flushed in full does not look back, so one block's bytes may be repeated for all.
    """
    first, rest = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS), _packer()
    start = first.compress(before) + first.flush(zlib.Z_FULL_FLUSH)
    block = rest.compress(bytes(_BLOCK)) + rest.flush(zlib.Z_FULL_FLUSH)
    return start + block * (size // _BLOCK) + _packer().flush()


def gzipped_zeros(size: int = GIGABYTE, before: bytes = b"") -> bytes:
    """A gzip file of them; its checksum is left wrong, since only who has inflated it all could tell."""
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    end = struct.pack("<II", 0, (len(before) + size) % 2**32)
    return header + deflated_zeros(size, before) + end


def zlib_zeros(size: int) -> bytes:
    """In zlib's wrapping, as PNG has it."""
    return b"\x78\xda" + deflated_zeros(size) + struct.pack(">I", size % 65521 << 16 | 1)


def _packer() -> "zlib._Compress":
    return zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
