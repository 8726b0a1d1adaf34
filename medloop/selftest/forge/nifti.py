"""NIfTI files, laid out by hand: single file, version 1 (or 2 where asked)."""

import gzip
import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from medloop.selftest.forge.dicom import Pixels

HEADER_BYTES: Final = 352
"""348 of the header, 4 that say: no extensions."""

CODES: Final = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768, "rgb": 128}
_BITS: Final = {"rgb": 24}

_FIELDS: Final = {
    "dim": (40, "8h"),
    "datatype": (70, "h"),
    "bitpix": (72, "h"),
    "pixdim": (76, "8f"),
    "vox_offset": (108, "f"),
    "scl_slope": (112, "f"),
    "scl_inter": (116, "f"),
    "xyzt_units": (123, "B"),
    "descrip": (148, "80s"),
    "aux_file": (228, "24s"),
    "qform_code": (252, "h"),
    "sform_code": (254, "h"),
    "quatern": (256, "3f"),
    "qoffset": (268, "3f"),
    "srow": (280, "12f"),
    "intent_name": (328, "16s"),
    "db_name": (14, "18s"),
    "magic": (344, "4s"),
}

Affine = Sequence[Sequence[float]]

STRAIGHT: Final[Affine] = ((2, 0, 0, -10), (0, 3, 0, -20), (0, 0, 4, -30))
"""2 x 3 x 4 mm, RAS."""


def header(
    shape: Sequence[int], kind: str = "i2", affine: Affine = STRAIGHT, order: str = "<", **fields: Any
) -> bytes:
    """352 bytes; `fields` overrule what fits together."""
    dim = [len(shape), *shape, *[1] * (7 - len(shape))]
    sizes = np.linalg.norm(np.array(affine, dtype=float)[:, :3], axis=0)
    pixdim = [1.0, *sizes, *[1.0] * 4]
    standard = {
        "dim": dim,
        "datatype": CODES[kind],
        "bitpix": _BITS.get(kind) or 8 * np.dtype(kind).itemsize,
        "pixdim": pixdim,
        "vox_offset": float(HEADER_BYTES),
        "scl_slope": 1.0,
        "scl_inter": 0.0,
        "xyzt_units": 2,
        "sform_code": 1,
        "srow": [number for row in affine for number in row],
        "magic": b"n+1\x00",
    }
    made = bytearray(HEADER_BYTES)
    struct.pack_into(order + "i", made, 0, 348)
    for name, value in {**standard, **fields}.items():
        at, layout = _FIELDS[name]
        values = value if isinstance(value, list | tuple) else [value]
        struct.pack_into(order + layout, made, at, *values)
    return bytes(made)


def nifti(values: Pixels, kind: str = "", order: str = "<", **fields: Any) -> bytes:
    """A .nii file of `values`, axes i, j, k (and t); colour as a last axis of 3 bytes."""
    colour = kind == "rgb"
    shape = values.shape[:-1] if colour else values.shape
    kind = kind or values.dtype.str[1:]
    if colour:
        pixels = np.moveaxis(values, -1, 0).astype("u1").tobytes("F")
    else:
        pixels = values.astype(order + kind).tobytes("F")
    return header(shape, kind, order=order, **fields) + pixels


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
