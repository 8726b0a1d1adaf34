"""Identifiers in formats that are said to have none."""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from medloop.selftest.case import Sample, case
from medloop.selftest.checks import values
from medloop.selftest.file import accepted
from medloop.selftest.forge.dicom import CANARY, elements, ramp
from medloop.selftest.forge.nifti import header, nifti
from medloop.selftest.forge.raster import jpeg, png, tiff

GREY = ramp(16, 16, "u1", step=1)


@case(
    "E43",
    "Identifiers in NIfTI, PNG, JPEG and TIFF",
    "'NIfTI is anonymous': not its description, its db_name and its extensions; nor PNG's text, nor EXIF.",
)
def other_formats() -> Iterator[Sample]:
    yield from niftis(CANARY.encode())
    yield from pngs(CANARY.encode())
    exif = described()
    commented = jpeg(GREY, quality=100, exif=exif, comment=CANARY.encode())
    yield accepted("exif.jpg", commented, values(GREY, within=3))
    yield accepted("behind.jpg", jpeg(GREY, quality=100) + CANARY.encode() + b"\xff\xd9")
    tags: dict[int, Any] = {270: CANARY, 315: CANARY, 316: CANARY, 33432: CANARY}
    yield accepted("tags.tif", tiff(GREY, tiffinfo=tags), values(GREY))


def niftis(canary: bytes) -> Iterator[Sample]:
    voxels = (np.arange(60) * 3).reshape(5, 4, 3).astype("i2")
    texts = elements(descrip=canary, db_name=canary, aux_file=canary, intent_name=canary)
    yield accepted("header.nii", nifti(voxels, **texts), values(voxels))
    extension = struct.pack("<ii", 32, 6) + canary.ljust(24, b"\x00")
    start = header(voxels.shape, vox_offset=384.0)[:348] + b"\x01\x00\x00\x00"
    yield accepted("extension.nii", start + extension + voxels.tobytes("F"), values(voxels))


def pngs(canary: bytes) -> Iterator[Sample]:
    notes = PngInfo()
    notes.add_text("Patient", CANARY)
    notes.add_text("Comment", CANARY * 20, zip=True)
    notes.add_itxt("Name", CANARY, lang="en")
    yield accepted("text.png", png(GREY, pnginfo=notes), values(GREY))
    yield accepted("exif.png", png(GREY, exif=described()), values(GREY))
    yield accepted("behind.png", png(GREY) + canary, values(GREY))


def described() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = CANARY, CANARY  # ImageDescription, Artist
    return exif
