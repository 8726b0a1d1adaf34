"""From the bytes of a DICOM file to its elements: preamble, file meta group, encoding, deflation."""

import re
import struct
import zlib
from dataclasses import dataclass

from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.elements import (
    META_GROUP,
    PIXEL_DATA,
    Element,
    Encoding,
    read_data_set,
    read_elements,
)
from medloop.imaging.dicom.preambles import PREAMBLE_BYTES, PREFIX, has_preamble, is_program
from medloop.imaging.dicom.syntaxes import (
    BY_UID,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Syntax,
    of_codestream,
)
from medloop.imaging.dicom.vr import KNOWN
from medloop.imaging.limits import MAX_INFLATED, MAX_INFLATION, MIN_INFLATED
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

_MEDIA_SOP_CLASS, _TRANSFER_SYNTAX = 0x00020002, 0x00020010
_PIXELS = f"{PIXEL_DATA:08x}"
PAD = "padding"
"""The word of `repaired` where the file ends one byte before its pixel data does."""
END = "delimiter"
"""Likewise where the file ends with its last codestream, without the delimiter of the pixel data."""
_DELIMITER_BYTES = 8
_SEQUENCE_END = (0xFFFE, 0xE0DD)
_LAST_BYTES = (b"\xff\xd9", b"\xff\xd9\x00")
"""Of a whole JPEG, JPEG-LS or JPEG 2000 codestream, padded or not."""
STRAY = "stray_items"
"""Likewise where items belong to no sequence: its header is lost, or says that it is empty."""
_PIECE = 2**14
"""Bytes that are inflated at a time: at most a thousand times as many come out."""
_STANDARD = re.compile(r"1\.2\.840\.10008\.[0-9.]{1,50}")


@dataclass(frozen=True)
class DicomFile(DataSet):
    """A data set that has been found, not interpreted.

    `data` is the file, or what its deflated part holds.
    """

    syntax: Syntax
    media_sop_class: str
    """As the file meta group states it: a DICOMDIR has it nowhere else."""
    repaired: tuple[str, ...]
    """What the file lacked or stated wrongly and its content told."""
    is_program: bool = False
    """An operating system would run the file."""


def open_dicom(data: bytes) -> DicomFile:
    """Raises Refused: NO_DATASET, EXPANSION_LIMIT, UNDECODABLE, or what read_elements finds."""
    start = PREAMBLE_BYTES + len(PREFIX) if has_preamble(data) else 0
    repaired = [] if start else ["preamble"]
    executable = is_program(data)
    meta = read_elements(data, start, Encoding(), META_GROUP) if _meta_follows(data, start) else {}
    start = max((element.end for element in meta.values()), default=start)
    media_sop_class = _uid(data, meta, _MEDIA_SOP_CLASS)
    syntax = _declared_syntax(data, meta)
    if syntax is None:
        repaired.append("transfer_syntax")
    elif syntax.deflated:
        data, start = _inflate(data, start), 0
    if start >= len(data):
        raise Refused(Reason.NO_DATASET, {"actual_bytes": len(data)})
    encoding = _encoding(data, start)
    if syntax is not None and encoding != syntax.encoding:
        repaired.append("encoding")
    data, elements, mended = _read(data, start, encoding)
    repaired += mended
    syntax = syntax or _guess(data, elements, encoding)
    return DicomFile(data, elements, encoding, syntax, media_sop_class, tuple(repaired), executable)


def _read(data: bytes, start: int, encoding: Encoding) -> tuple[bytes, dict[int, Element], list[str]]:
    """The elements, the data with what some writers leave off at the very end, and words of `repaired`."""
    mended = []
    try:
        elements, strays = read_data_set(data, start, encoding)
    except Refused as refusal:
        word, end = _left_off(data, encoding, refusal)
        if not word:
            raise
        data, mended = data + end, [word]
        elements, strays = read_data_set(data, start, encoding)
    return data, elements, [*mended, *([STRAY] if strays else [])]


def _left_off(data: bytes, encoding: Encoding, refusal: Refused) -> tuple[str, bytes]:
    """What is missing of a file that is cut so closely that no pixel need be; "" for any other."""
    missing = int(refusal.facts.get("expected_bytes", 0)) - len(data)
    if refusal.reason is Reason.TRUNCATED and missing == 1 and refusal.facts.get("tag") == _PIXELS:
        # Whether a pixel was lost with it is for the pixels' own length to tell.
        return PAD, b"\x00"
    if refusal.reason is Reason.TRUNCATED and missing == _DELIMITER_BYTES and data.endswith(_LAST_BYTES):
        return END, struct.pack(">HHI" if encoding.big else "<HHI", *_SEQUENCE_END, 0)
    return "", b""


def _meta_follows(data: bytes, start: int) -> bool:
    return data[start : start + 2] == b"\x02\x00"


def _declared_syntax(data: bytes, meta: dict[int, Element]) -> Syntax | None:
    """None where the file names none. Raises Refused(UNDECODABLE) for one that nobody here knows."""
    uid = _uid(data, meta, _TRANSFER_SYNTAX)
    if uid and uid not in BY_UID:
        # A standard UID is a technical term; anything else could be text.
        raise Refused(Reason.UNDECODABLE, {"transfer_syntax": uid if _STANDARD.fullmatch(uid) else "private"})
    return BY_UID.get(uid)


def _uid(data: bytes, meta: dict[int, Element], tag: int) -> str:
    element = meta.get(tag)
    return data[element.start : element.end].strip(b"\x00 ").decode("latin-1") if element else ""


def _inflate(data: bytes, start: int) -> bytes:
    """The deflated data set, if it is no more than a multiple of its size."""
    size = _inflated_size(memoryview(data)[start:])
    # In one piece of the right size: a buffer that grows would hold a bomb twice.
    return zlib.decompress(memoryview(data)[start:], -zlib.MAX_WBITS, size)


def _inflated_size(deflated: memoryview) -> int:
    """Counted without keeping anything; what lies behind the limit is not even inflated."""
    limit = min(MAX_INFLATED, max(MIN_INFLATED, MAX_INFLATION * len(deflated)))
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    try:
        for start in range(0, len(deflated), _PIECE):
            size += len(inflater.decompress(deflated[start : start + _PIECE]))
            if size > limit:
                facts: Facts = {"compressed_bytes": len(deflated), "limit_bytes": limit}
                raise Refused(Reason.EXPANSION_LIMIT, facts)
            if inflater.eof:
                return size
    except zlib.error as error:
        raise Refused(Reason.UNDECODABLE, {"transfer_syntax": "deflated"}) from error
    raise Refused(Reason.TRUNCATED, {"actual_bytes": len(deflated)})


def _encoding(data: bytes, start: int) -> Encoding:
    """As the first element shows it, whatever the stated syntax says."""
    # Data sets start in group 0008, sometimes 0002 or 0010: read the wrong way round that is above 00FF.
    big = data[start] == 0 and data[start + 1 : start + 2] != b"\x00"
    return Encoding(implicit=data[start + 4 : start + 6] not in KNOWN, big=big)


def _guess(data: bytes, elements: dict[int, Element], encoding: Encoding) -> Syntax:
    """The transfer syntax of a file that names none."""
    pixels = elements.get(PIXEL_DATA)
    if pixels is not None and pixels.encapsulated:
        return of_codestream(data[pixels.start : pixels.end])
    if encoding.implicit:
        return IMPLICIT_LITTLE
    return EXPLICIT_BIG if encoding.big else EXPLICIT_LITTLE
