"""JPEG, JPEG-LS and JPEG 2000 within DICOM: held against the header, then decoded by their own word."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.codestreams import jpeg, jpeg_2000
from medloop.imaging.codestreams.jpeg import JpegHeader, read_jpeg_header
from medloop.imaging.codestreams.jpeg_2000 import count_tiles, read_jpeg_2000_header
from medloop.imaging.decoders.process import DECODER
from medloop.imaging.dicom.bits import as_signed, significant
from medloop.imaging.dicom.colour import ybr_to_rgb
from medloop.imaging.dicom.header import Header
from medloop.imaging.dicom.syntaxes import Codec, Syntax
from medloop.imaging.limits import MAX_TILES
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

Values = NDArray[Any]

_DCT, _LOSSLESS, _LS = "dct", "lossless", "ls"
_STATED: Final = {
    "jpeg_baseline": _DCT,
    "jpeg_extended": _DCT,
    "jpeg_spectral": _DCT,
    "jpeg_progressive": _DCT,
    "jpeg_lossless": _LOSSLESS,
    "jpeg_lossless_sv1": _LOSSLESS,
    "jpeg_ls_lossless": _LS,
    "jpeg_ls_near_lossless": _LS,
}
"""The process of a JPEG that a transfer syntax promises; of the retired ones either."""

_BEYOND: Final = 4
"""A stream with so many times the pixels of its header is no slip but a bomb."""


def decode_codestream(frame: bytes, syntax: Syntax, header: Header, deviations: set[str]) -> Values:
    """Stored values of one frame with their sign, HxW; colour as RGB, HxWx3.

    What the stream itself starts with decides the codec: writers name the wrong transfer syntax.

    Raises:
        Refused: EXPANSION_LIMIT where the stream is far larger than the header says, BAD_HEADER where its
            size or channels differ otherwise, UNDECODABLE where no decoder reads it or its end is missing.
    """
    facts: Facts = {"transfer_syntax": syntax.name, "bits": header.bits_stored}
    if frame.startswith(jpeg.START):
        values = _jpeg(frame, header, facts, deviations)
        is_promised = syntax.codec is Codec.JPEG
    elif frame.startswith((jpeg_2000.START, jpeg_2000.BOX_START)):
        values = _jpeg_2000(frame, header, facts, deviations)
        is_promised = syntax.codec is Codec.JPEG_2000
    else:
        raise Refused(Reason.UNDECODABLE, {**facts, "problem": "codestream"})
    _note(not is_promised, "transfer_syntax", deviations)
    if values.shape != (header.rows, header.columns, 3)[: 3 if header.samples == 3 else 2]:
        raise Refused(Reason.UNDECODABLE, {**facts, "problem": "shape"})
    return values


def _jpeg(frame: bytes, header: Header, facts: Facts, deviations: set[str]) -> Values:
    try:
        coded = read_jpeg_header(frame)
    except Refused as refusal:
        raise Refused(Reason.UNDECODABLE, {**facts, "problem": refusal.reason.value}) from None
    _check_size(coded.rows, coded.columns, coded.components, header, facts)
    if not coded.ends or coded.least_bytes > len(frame):
        raise Refused(Reason.UNDECODABLE, {**facts, "problem": "truncated"})
    process = _LS if coded.is_ls else _LOSSLESS if coded.is_lossless else _DCT
    # A lossy stream under a lossless transfer syntax, for one: its values are not those of the scanner.
    _note(_STATED.get(str(facts["transfer_syntax"]), process) != process, "transfer_syntax", deviations)
    values = _decoded("jpeg_ls", frame, header, facts) if coded.is_ls else _dct(frame, coded, header, facts)
    if header.samples == 3:
        _note_colour(coded, header, deviations)
        is_ybr = header.photometric.startswith("YBR") and (coded.is_ls or coded.is_lossless)
        return ybr_to_rgb(values, coded.bits) if is_ybr else values
    if coded.is_ls:
        _note(coded.bits != header.bits_stored, "codestream_precision", deviations)
        return as_signed(values, coded.bits, header.signed)
    bits = min(header.bits_stored, coded.bits)
    if process == _DCT and not header.signed:
        # Loss carries values beyond the stored bits: cut down to those, the whitest would be black.
        within: Values = np.minimum(values, values.dtype.type((1 << bits) - 1))
        return within
    return significant(values, bits, bits - 1, header.signed)


def _dct(frame: bytes, coded: JpegHeader, header: Header, facts: Facts) -> Values:
    if header.samples == 1:
        return _decoded("jpeg", frame, header, facts, space="GRAYSCALE")
    stated = "YCBCR" if header.photometric.startswith("YBR") else "RGB"
    # Lossless streams have no colour transform, and no marker that would tell of one.
    space = "RGB" if coded.is_lossless else coded.colour or stated
    return _decoded("jpeg", frame, header, facts, space=space)


def _note_colour(coded: JpegHeader, header: Header, deviations: set[str]) -> None:
    stated = "YCBCR" if header.photometric.startswith("YBR") else "RGB"
    contradicts = coded.colour not in ("", stated) and not (coded.is_ls or coded.is_lossless)
    _note(contradicts, "photometric", deviations)


def _jpeg_2000(frame: bytes, header: Header, facts: Facts, deviations: set[str]) -> Values:
    try:
        coded = read_jpeg_2000_header(frame)
    except Refused as refusal:
        raise Refused(refusal.reason, {**facts, **refusal.facts}) from None
    _check_size(coded.rows, coded.columns, coded.components, header, facts)
    if coded.tiles > MAX_TILES:
        raise Refused(Reason.BAD_HEADER, {**facts, "tiles": coded.tiles, "limit": MAX_TILES})
    if (present := count_tiles(frame, coded.first_tile)) < coded.tiles:
        raise Refused(Reason.UNDECODABLE, {**facts, "tiles": coded.tiles, "present": present})
    values = _decoded("jpeg_2000", frame, header, facts)
    _note(coded.bits != header.bits_stored, "codestream_precision", deviations)
    if header.samples == 3:
        is_ybr = header.photometric.startswith("YBR_FULL") and not coded.transforms_colour
        return ybr_to_rgb(values, coded.bits) if is_ybr else values
    _note(coded.signed != header.signed, "codestream_sign", deviations)
    return as_signed(values, coded.bits, header.signed)


def _decoded(task: str, frame: bytes, header: Header, facts: Facts, **parameters: Any) -> Values:
    values, _ = DECODER.run(
        task, frame, facts, values=header.rows * header.columns * header.samples, **parameters
    )
    return values


def _check_size(rows: int, columns: int, components: int, header: Header, facts: Facts) -> None:
    coded: Facts = {"coded_rows": rows, "coded_columns": columns, "coded_channels": components}
    declared = header.rows * header.columns * header.samples
    if rows * columns * components > _BEYOND * declared:
        raise Refused(Reason.EXPANSION_LIMIT, {**facts, **coded})
    if (rows, columns, components) != (header.rows, header.columns, header.samples):
        raise Refused(Reason.BAD_HEADER, {**facts, **coded, "problem": "coded_size"})


def _note(holds: bool, word: str, deviations: set[str]) -> None:
    if holds:
        deviations.add(word)
