"""PNG, JPEG and TIFF files: right ones by Pillow, wrong ones chunk by chunk."""

import io
import struct
import zlib
from typing import Any, Final

from PIL import Image

from medloop.selftest.forge.dicom import Pixels

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def png(values: Pixels, **options: Any) -> bytes:
    return saved(Image.fromarray(values), "PNG", **options)


def jpeg(values: Pixels, **options: Any) -> bytes:
    return saved(Image.fromarray(values), "JPEG", **{"quality": 95, "subsampling": 0, **options})


def tiff(values: Pixels, **options: Any) -> bytes:
    return saved(Image.fromarray(values), "TIFF", **options)


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(*chunks: tuple[bytes, bytes]) -> bytes:
    return _SIGNATURE + b"".join(png_chunk(kind, content) for kind, content in chunks)


def png_header(columns: int, rows: int) -> bytes:
    """The content of IHDR: 8 bits of grey."""
    return struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)


def png_claiming(columns: int, rows: int) -> bytes:
    """Valid in every byte but one: it has no such pixels."""
    pixels = zlib.compress(bytes(100))
    return png_of((b"IHDR", png_header(columns, rows)), (b"IDAT", pixels), (b"IEND", b""))


def png_with(values: Pixels, *chunks: tuple[bytes, bytes]) -> bytes:
    """A right PNG with more chunks behind its header."""
    whole = png(values)
    return whole[:33] + b"".join(png_chunk(kind, content) for kind, content in chunks) + whole[33:]
