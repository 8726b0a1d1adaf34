"""Stored pixel values of a DICOM file: unpacked or decoded, sign and unused bits put right, colour as RGB."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.codestream import decode_codestream
from medloop.imaging.dicom.colour import upsample_422, ybr_to_rgb
from medloop.imaging.dicom.elements import PIXEL_DATA, fragments
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.header import Header
from medloop.imaging.dicom.rle import decode_rle
from medloop.imaging.dicom.syntaxes import Codec
from medloop.rules.reasons import Reason, Refused

Values = NDArray[Any]


def stored_values(file: DicomFile, header: Header) -> Values:
    """Integers, HxW; RGB as HxWx3.

    Raises:
        Refused: TRUNCATED, PIXEL_LENGTH_MISMATCH, BAD_HEADER, EXPANSION_LIMIT or UNDECODABLE.
    """
    pixels = file.elements[PIXEL_DATA]
    codec = file.syntax.codec
    facts: dict[str, int | float | str] = {"transfer_syntax": file.syntax.name}
    if codec is Codec.NONE_HERE:
        raise Refused(Reason.UNDECODABLE, facts)
    if pixels.encapsulated != (codec is not Codec.NATIVE):
        raise Refused(Reason.BAD_HEADER, {**facts, "problem": "encapsulation"})
    if codec is Codec.NATIVE:
        return _as_rgb(_native(file, header), header)
    if not (parts := fragments(file.data, pixels, file.encoding.big)):
        raise Refused(Reason.NO_PIXELS, facts)
    if codec is Codec.RLE:
        return _as_rgb(significant(decode_rle(b"".join(parts), header), header), header)
    return decode_codestream(b"".join(parts), file.syntax, header)


def _native(file: DicomFile, header: Header) -> Values:
    pixels = file.elements[PIXEL_DATA]
    check_length(pixels.end - pixels.start, header)
    count = header.native_bytes * 8 // header.bits_allocated
    if header.bits_allocated == 1:
        return _unpack_bits(file, header)
    order = ">" if file.encoding.big else "<"
    # Big endian words of 8-bit pixels come with each pair of bytes swapped.
    if order == ">" and header.bits_allocated == 8 and pixels.vr == b"OW":
        data = np.frombuffer(file.data, ">u2", (pixels.end - pixels.start) // 2, pixels.start)
        flat: Values = data.astype("<u2").view(np.uint8)[:count]
    else:
        flat = np.frombuffer(file.data, f"{order}u{header.bits_allocated // 8}", count, pixels.start)
    return significant(_shaped(flat, header), header)


def check_length(actual: int, header: Header) -> None:
    """The value must be as long as the header says; up to a row of trailing bytes is padding.

    Raises:
        Refused: PIXEL_LENGTH_MISMATCH. (A value cut short by the file's end was refused when it was found.)
    """
    expected = header.native_bytes
    padding = max(1, expected // header.rows if header.rows > 1 else 0)
    if not expected <= actual <= expected + padding:
        facts: dict[str, int | float | str] = {"expected_bytes": expected, "actual_bytes": actual}
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, {**facts, "rows": header.rows, "columns": header.columns})


def _unpack_bits(file: DicomFile, header: Header) -> Values:
    pixels = file.elements[PIXEL_DATA]
    packed = np.frombuffer(file.data, np.uint8, header.native_bytes, pixels.start)
    bits = np.unpackbits(packed, count=header.rows * header.columns, bitorder="little")
    return bits.reshape(header.rows, header.columns)


def _shaped(flat: Values, header: Header) -> Values:
    if header.photometric == "YBR_FULL_422":
        return upsample_422(flat, header.rows, header.columns)
    if header.samples == 1:
        return flat.reshape(header.rows, header.columns)
    if header.planar:
        return np.moveaxis(flat.reshape(3, header.rows, header.columns), 0, -1)
    return flat.reshape(header.rows, header.columns, 3)


def significant(values: Values, header: Header) -> Values:
    """Only the stored bits, sign-extended; overlays and junk in the others fall away."""
    above = header.bits_allocated - 1 - header.high_bit
    spare = header.bits_allocated - header.bits_stored
    if header.bits_allocated == 1 or (not spare and not header.signed):
        return values
    signed = values.astype(values.dtype.newbyteorder("="))
    signed <<= above
    if header.signed:
        signed = signed.view(f"i{signed.dtype.itemsize}")
    signed >>= spare
    return signed


def _as_rgb(values: Values, header: Header) -> Values:
    return ybr_to_rgb(values, header.bits_stored) if header.photometric.startswith("YBR") else values
