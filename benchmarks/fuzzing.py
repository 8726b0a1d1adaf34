"""Sound files of every format that is read, and what is done to them: equal seeds, equal files."""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
import tifffile
from pydicom import uid

from medloop.selftest.forge import raster
from medloop.selftest.forge.codestreams import LOSSLESS, jpeg_extended, jpeg_lossless, jpeg_ls
from medloop.selftest.forge.dicom import (
    BIG,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    NM,
    SC,
    Pixels,
    colours,
    dicom,
    encapsulated,
    header_end,
    ramp,
    run_length,
)
from medloop.selftest.forge.nifti import gzipped, nifti

HEADER_BYTES: Final = 700
"""Of a file: where its numbers stand that everything else depends on."""

_BOUNDARIES: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_DEEP, _GREY, _RGB = ramp(32, 24, "u2", step=41), ramp(32, 24, "u1", step=5), colours(32, 24)
_FRAMES: Final = np.stack([_DEEP, _DEEP[::-1], _DEEP // 2])
_SMOOTH: Final = ramp(32, 24, "u2", step=3)


def as_it_is(content: bytes) -> bytes:
    return content


@dataclass(frozen=True)
class Seed:
    """A sound file; what is done to `content` is packed afterwards, so that it gets past the packing."""

    content: bytes
    packed: Callable[[bytes], bytes] = as_it_is

    @property
    def whole(self) -> bytes:
        return self.packed(self.content)


def seeds() -> dict[str, Seed]:
    """By format, and what is in it."""
    made = {f"dicom {name}": Seed(content) for name, content in _dicoms()}
    made["dicom deflated"] = Seed(_inflated(dicom(_DEEP, DEFLATED)), with_deflation)
    made |= {f"tiff {name}": Seed(content) for name, content in _tiffs()}
    for name, content in (
        ("grey", raster.png(_GREY)),
        ("16 bits", raster.png(_DEEP)),
        ("colour", raster.png(_RGB)),
    ):
        made[f"png {name}"] = Seed(content, with_checksums)
    made["jpeg grey"], made["jpeg colour"] = Seed(raster.jpeg(_GREY)), Seed(raster.jpeg(_RGB))
    made["jpeg lossless"], made["jpeg ls"] = Seed(jpeg_lossless(_DEEP)), Seed(jpeg_ls(_DEEP))
    made["jpeg extended"] = Seed(jpeg_extended(_SMOOTH))
    volume = ramp(12, 10 * 4).reshape(12, 10, 4)
    made["nifti"], made["nifti big endian"] = Seed(nifti(volume)), Seed(nifti(volume, order=">"))
    made["nifti gzip"] = Seed(nifti(volume.astype("f4")), gzipped)
    return made


def _dicoms() -> Iterator[tuple[str, bytes]]:
    for name, syntax in (("implicit", IMPLICIT), ("explicit", EXPLICIT), ("big endian", BIG)):
        yield name, dicom(_DEEP, syntax)
    yield "frames", dicom(_FRAMES, sop_class=NM, NumberOfFrames="3")
    yield "rle", run_length(_DEEP)
    yield "rle colour", run_length(_RGB, SC)
    for name, (coded, encode) in LOSSLESS.items():
        yield name.replace("_", " "), encapsulated(_DEEP, [encode(_DEEP)], coded)
    yield "jpeg", encapsulated(_GREY, [raster.jpeg(_GREY)], uid.JPEGBaseline8Bit)
    bits: dict[str, Any] = {"BitsStored": 12, "HighBit": 11}
    yield "jpeg 12 bits", encapsulated(_SMOOTH, [jpeg_extended(_SMOOTH)], uid.JPEGExtended12Bit, **bits)


def _tiffs() -> Iterator[tuple[str, bytes]]:
    pages = _FRAMES
    yield "plain", _tiff(_DEEP)
    yield "colour lzw", _tiff(_RGB, compression="lzw", photometric="rgb")
    yield "tiled", _tiff(np.tile(_DEEP, (2, 2)), tile=(16, 16), compression="zlib")
    yield "jpeg", _tiff(_RGB, compression="jpeg", photometric="ycbcr")
    yield "pages", _tiff(pages, photometric="minisblack")


def _tiff(values: Pixels, **options: object) -> bytes:
    buffer = BytesIO()
    tifffile.imwrite(buffer, values, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def with_checksums(content: bytes) -> bytes:
    """A PNG whose chunks are right about what they hold, as far as they can be walked."""
    made, position = bytearray(content), 8
    while position + 12 <= len(made):
        length = int.from_bytes(made[position : position + 4], "big")
        end = position + 8 + length
        if end + 4 > len(made):
            break
        made[end : end + 4] = struct.pack(">I", zlib.crc32(made[position + 4 : end]))
        position = end + 4
    return bytes(made)


def with_deflation(content: bytes) -> bytes:
    """A DICOM file with everything behind its file meta group deflated."""
    try:
        start = header_end(content)
    except ValueError:
        return content
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return content[:start] + packer.compress(content[start:]) + packer.flush()


def _inflated(file: bytes) -> bytes:
    start = header_end(file)
    return file[:start] + zlib.decompress(file[start:], -zlib.MAX_WBITS)


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def altered(content: bytes, chance: random.Random) -> bytes:
    """Up to eight bytes of the header."""
    return _altered(content, chance, min(HEADER_BYTES, len(content)))


def altered_anywhere(content: bytes, chance: random.Random) -> bytes:
    return _altered(content, chance, len(content))


def _altered(content: bytes, chance: random.Random, size: int) -> bytes:
    made = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        made[chance.randrange(size)] = chance.randrange(256)
    return bytes(made)


def extreme(content: bytes, chance: random.Random) -> bytes:
    """A number at the edge of what its bytes can hold, in either byte order."""
    made, width = bytearray(content), chance.choice((2, 4))
    number = chance.choice(_BOUNDARIES) % 256**width
    at = chance.randrange(min(HEADER_BYTES, len(made)) - width)
    made[at : at + width] = number.to_bytes(width, chance.choice(("little", "big")))
    return bytes(made)


def torn(content: bytes, chance: random.Random) -> bytes:
    """A piece is missing, or comes twice."""
    start, end = sorted(chance.randrange(len(content)) for _ in range(2))
    kept = content[start:end] * chance.choice((0, 2))
    return content[:start] + kept + content[end:]


HARMS: Final = (cut, altered, altered_anywhere, extreme, torn)


def harmed(seed: Seed, chance: random.Random) -> bytes:
    """Mostly within the packing, now and then the packing itself."""
    harm = chance.choice(HARMS)
    if seed.packed is as_it_is or chance.random() < 0.8:
        return seed.packed(harm(seed.content, chance))
    return harm(seed.whole, chance)
