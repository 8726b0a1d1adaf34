"""Which format the bytes are, judged by content alone: names and extensions are not evidence."""

import re
import struct
import zlib
from enum import StrEnum

from medloop.imaging.dicom.vr import KNOWN


class Format(StrEnum):
    DICOM = "dicom"
    PNG = "png"
    JPEG = "jpeg"
    NIFTI = "nifti"
    TIFF = "tiff"
    GIF = "gif"
    BMP = "bmp"
    WEBP = "webp"
    JPEG2000 = "jpeg2000"
    NRRD = "nrrd"
    METAIMAGE = "metaimage"
    HDF5 = "hdf5"
    NETCDF = "netcdf"
    """MINC of version 1, for one."""
    NUMPY = "numpy"
    PDF = "pdf"
    ZIP = "zip"
    GZIP = "gzip"
    ARCHIVE = "archive"
    """Of any kind but zip, or something compressed that is not looked into."""
    TEXT = "text"
    UNKNOWN = "unknown"


NOT_IMAGES = frozenset({Format.TEXT, Format.PDF, Format.GZIP, Format.UNKNOWN})
"""GZIP is what is compressed and holds none either, by its beginning."""

GZIP_MAGIC = b"\x1f\x8b"

_SIGNATURES: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"PK\x03\x04", Format.ZIP),
    (b"PK\x05\x06", Format.ZIP),
    (GZIP_MAGIC, Format.GZIP),
    (b"II*\x00", Format.TIFF),
    (b"MM\x00*", Format.TIFF),
    (b"II+\x00", Format.TIFF),
    (b"MM\x00+", Format.TIFF),
    (b"GIF8", Format.GIF),
    (b"\x00\x00\x00\x0cjP  ", Format.JPEG2000),
    (b"\xff\x4f\xff\x51", Format.JPEG2000),
    (b"NRRD000", Format.NRRD),
    (b"ObjectType =", Format.METAIMAGE),
    (b"\x89HDF\r\n\x1a\n", Format.HDF5),
    (b"CDF\x01", Format.NETCDF),
    (b"CDF\x02", Format.NETCDF),
    (b"\x93NUMPY", Format.NUMPY),
    (b"%PDF-", Format.PDF),
)

_ARCHIVE = re.compile(
    rb"PK\x07\x08|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\xfd7zXZ\x00|BZh[1-9]1AY&SY|\x28\xb5\x2f\xfd|MSCF\x00\x00\x00\x00|"
    rb".{257}ustar",
    re.DOTALL,
)
"""Split zip, 7z, RAR, xz, bzip2, Zstandard, cabinet, tar."""

_HEAD = 512
"""Bytes by which everything here is told."""
_GZIP_HEAD = 4096
"""Compressed bytes that hold as much, a long file name in front of them included."""

_TEXT = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]+")


def sniff(data: bytes) -> Format:
    """A DICOM preamble may hold anything, another format's signature too, so DICOM is asked first."""
    if data[128:132] == b"DICM" or _is_bare_dicom(data):
        return Format.DICOM
    for signature, format_ in _SIGNATURES:
        if data.startswith(signature):
            return _inside(data) if format_ is Format.GZIP else format_
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Format.WEBP
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return Format.BMP
    if _is_nifti(data):
        return Format.NIFTI
    if _ARCHIVE.match(data):
        return Format.ARCHIVE
    return Format.TEXT if _TEXT.fullmatch(data[:_HEAD]) else Format.UNKNOWN


def _is_nifti(data: bytes) -> bool:
    """Of version 1 at the header's end, of version 2 at its start; `ni` is one half of a pair of files."""
    return data[344:348] in (b"n+1\x00", b"ni1\x00") or data[4:8] in (b"n+2\x00", b"ni2\x00")


def _inside(data: bytes) -> Format:
    """NIfTI is read from within, whatever else is taken in is to be unpacked first."""
    try:
        head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(data[:_GZIP_HEAD], _HEAD)
    except zlib.error:
        return Format.GZIP
    if head.startswith(GZIP_MAGIC):  # not again: there are files that hold themselves
        return Format.ARCHIVE
    found = sniff(head)
    if found is Format.NIFTI:
        return found
    return Format.GZIP if found in NOT_IMAGES else Format.ARCHIVE


def _is_bare_dicom(data: bytes) -> bool:
    """Whether the data set starts at once, without the 128-byte preamble and `DICM`.

    Judged by the first element: group 0002 or 0008, a low element number, and a known VR or a length
    that fits the file.
    """
    if len(data) < 12:
        return False
    for layout in ("<HH", ">HH"):
        group, element = struct.unpack_from(layout, data)
        if group in (0x0002, 0x0008) and element <= 0x0070:
            fits = int.from_bytes(data[4:8], "little") <= len(data) - 8
            return data[4:6] in KNOWN or (layout == "<HH" and fits)
    return False
