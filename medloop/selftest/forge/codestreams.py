"""Compressed pixels: codestreams as DICOM holds them in its fragments."""

import struct
from collections.abc import Callable
from typing import Any, Final

import imagecodecs
from pydicom import uid

from medloop.selftest.forge.dicom import Pixels


def jpeg_2000(values: Pixels, **options: Any) -> bytes:
    """Lossless, without boxes, signed where the values are; `bitspersample` overrules the precision."""
    return bytes(imagecodecs.jpeg2k_encode(values, codecformat="j2k", reversible=True, **options))


def jpeg_lossless(values: Pixels) -> bytes:
    """Process 14, first-order prediction."""
    return bytes(imagecodecs.jpeg8_encode(values, lossless=True, predictor=1, bitspersample=16))


def jpeg_extended(values: Pixels) -> bytes:
    """Process 4: 12 bits, lossy."""
    return bytes(imagecodecs.jpeg8_encode(values, level=98, bitspersample=12))


def jpeg_ls(values: Pixels) -> bytes:
    return bytes(imagecodecs.jpegls_encode(values))


def high_throughput(values: Pixels) -> bytes:
    """JPEG 2000 part 15, lossless."""
    return bytes(imagecodecs.htj2k_encode(values, reversible=True))


LOSSLESS: Final[dict[str, tuple[str, Callable[[Pixels], bytes]]]] = {
    "jpeg_lossless": (uid.JPEGLossless, jpeg_lossless),
    "jpeg_lossless_sv1": (uid.JPEGLosslessSV1, jpeg_lossless),
    "jpeg_ls_lossless": (uid.JPEGLSLossless, jpeg_ls),
    "jpeg_2000_lossless": (uid.JPEG2000Lossless, jpeg_2000),
    "htj2k_lossless": (uid.HTJ2KLossless, high_throughput),
}
"""By the name that medloop gives the transfer syntax."""


def claiming(stream: bytes, columns: int, rows: int) -> bytes:
    """A JPEG 2000 stream whose SIZ marker states another size."""
    at = stream.index(b"\xff\x4f\xff\x51") + 8
    return stream[:at] + struct.pack(">II", columns, rows) + stream[at + 8 :]
