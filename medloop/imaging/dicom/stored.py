"""Stored pixel values of a DICOM file, frame by frame, whatever they are packed in."""

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.bits import significant
from medloop.imaging.dicom.colour import ybr_to_rgb
from medloop.imaging.dicom.compressed import decode_codestream
from medloop.imaging.dicom.elements import PIXEL_DATA
from medloop.imaging.dicom.encapsulated import frames_of
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.header import Header
from medloop.imaging.dicom.native import native_frames, picture_of
from medloop.imaging.dicom.rle import decode_rle
from medloop.imaging.dicom.syntaxes import EXPLICIT_LITTLE, Codec, Syntax, of_codestream
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

Values = NDArray[Any]


def stored_frames(file: DicomFile, header: Header, deviations: set[str]) -> Iterator[Values]:
    """Numbers as stored, HxW with sign; RGB as HxWx3. What is tolerated is added to `deviations`.

    Raises:
        Refused: TRUNCATED, PIXEL_LENGTH_MISMATCH, BAD_HEADER, EXPANSION_LIMIT or UNDECODABLE.
    """
    encapsulated = header.pixels == PIXEL_DATA and file.elements[PIXEL_DATA].encapsulated
    syntax = _true_syntax(file, header, encapsulated)
    if syntax is not file.syntax:
        deviations.add("transfer_syntax")
    if not encapsulated:
        yield from native_frames(file, header, deviations)
        return
    for frame in frames_of(file, header.frames):
        yield _decoded(frame, syntax, header, deviations)


def _true_syntax(file: DicomFile, header: Header, encapsulated: bool) -> Syntax:
    """What the pixel data shows where the stated syntax cannot be: fragments are none, or are there."""
    syntax = file.syntax
    if syntax.codec is Codec.NONE_HERE:
        raise Refused(Reason.UNDECODABLE, {"transfer_syntax": syntax.name})
    if encapsulated and syntax.codec is Codec.NATIVE and syntax.name != "encapsulated_uncompressed":
        element = file.elements[header.pixels]
        return of_codestream(file.data[element.start : element.end])
    if encapsulated or syntax.codec is Codec.NATIVE:
        return syntax
    element = file.elements[header.pixels]
    if element.end - element.start < header.frames * header.frame_bits // 8:
        facts: Facts = {"transfer_syntax": syntax.name, "problem": "encapsulation"}
        raise Refused(Reason.BAD_HEADER, facts)
    return EXPLICIT_LITTLE


def _decoded(frame: bytes, syntax: Syntax, header: Header, deviations: set[str]) -> Values:
    if syntax.codec is Codec.RLE:
        values = significant(
            decode_rle(frame, header), header.bits_stored, header.bits_stored - 1, header.signed
        )
        return ybr_to_rgb(values, header.bits_stored) if header.photometric.startswith("YBR") else values
    if syntax.codec in (Codec.DEFLATE, Codec.NATIVE):
        return _plain(frame, syntax, header, deviations)
    return decode_codestream(frame, syntax, header, deviations)


def _plain(frame: bytes, syntax: Syntax, header: Header, deviations: set[str]) -> Values:
    """A frame that is as it would be without fragments, or deflated by itself."""
    expected = (header.frame_bits + 7) // 8
    if syntax.codec is Codec.DEFLATE:
        frame = _inflated(frame, expected, syntax)
    if not expected <= len(frame) <= expected + 1:
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, {"expected_bytes": expected, "actual_bytes": len(frame)})
    if header.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(frame, np.uint8), count=header.frame_bits, bitorder="little")
        return bits.reshape(header.rows, header.columns)
    flat = np.frombuffer(frame, f"<u{header.bits_allocated // 8}", expected * 8 // header.bits_allocated)
    return picture_of(flat, header, deviations)


def _inflated(frame: bytes, expected: int, syntax: Syntax) -> bytes:
    try:
        # Two bytes more, so that a longer frame shows as one.
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame, expected + 2)
    except zlib.error:
        raise Refused(Reason.UNDECODABLE, {"transfer_syntax": syntax.name}) from None
