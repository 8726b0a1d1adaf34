"""From the bytes of a DICOM file to its elements: preamble, file meta group, encoding, deflation."""

import re
import zlib
from dataclasses import dataclass

from medloop.imaging.dicom.elements import META_GROUP, PIXEL_DATA, Element, Encoding, read_elements
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
from medloop.rules.reasons import Reason, Refused

_MEDIA_SOP_CLASS, _TRANSFER_SYNTAX = 0x00020002, 0x00020010
_STANDARD = re.compile(r"1\.2\.840\.10008\.[0-9.]{1,50}")


@dataclass(frozen=True)
class DicomFile:
    """A data set that has been found, not interpreted."""

    data: bytes
    """What the elements point into: the file, or what its deflated part holds."""
    elements: dict[int, Element]
    encoding: Encoding
    syntax: Syntax
    media_sop_class: str
    """As the file meta group states it: a DICOMDIR has it nowhere else."""
    repaired: tuple[str, ...]
    """What the file lacked or stated wrongly and its content told."""

    def raw(self, tag: int) -> bytes:
        """The value's bytes without padding; b"" where the element is missing."""
        element = self.elements.get(tag)
        return self.data[element.start : element.end].strip(b"\x00 ") if element else b""

    def word(self, tag: int) -> str:
        """A code string or UID; characters outside ASCII are dropped."""
        return self.raw(tag).decode("ascii", "ignore").strip()


def open_dicom(data: bytes) -> DicomFile:
    """Raises Refused: NO_DATASET, EXPANSION_LIMIT, UNDECODABLE, or what read_elements finds."""
    has_preamble = data[128:132] == b"DICM"
    repaired = [] if has_preamble else ["preamble"]
    start = 132 if has_preamble else 0
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
    encoding = _encoding(data, start, syntax)
    if syntax is not None and encoding != syntax.encoding:
        repaired.append("encoding")
    elements = read_elements(data, start, encoding)
    syntax = syntax or _guess(data, elements, encoding)
    return DicomFile(data, elements, encoding, syntax, media_sop_class, tuple(repaired))


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
    """The deflated data set, up to a multiple of its size; what lies behind that is not even inflated."""
    limit = min(MAX_INFLATED, max(MIN_INFLATED, MAX_INFLATION * (len(data) - start)))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(memoryview(data)[start:], limit)
    except zlib.error as error:
        raise Refused(Reason.UNDECODABLE, {"transfer_syntax": "deflated"}) from error
    if inflater.eof:
        return inflated
    if len(inflated) >= limit:
        facts: dict[str, int | float | str] = {"compressed_bytes": len(data) - start, "limit_bytes": limit}
        raise Refused(Reason.EXPANSION_LIMIT, facts)
    raise Refused(Reason.TRUNCATED, {"actual_bytes": len(data)})


def _encoding(data: bytes, start: int, syntax: Syntax | None) -> Encoding:
    """As the first element shows it; the stated syntax decides where that is not clear."""
    stated = syntax.encoding if syntax else Encoding()
    explicit = data[start + 4 : start + 6] in KNOWN
    if syntax is None:
        # Groups of a data set start at 0002 or 0008: read the wrong way round they are above 00FF.
        big = explicit and data[start] == 0 and data[start + 1] != 0
        return Encoding(implicit=not explicit, big=big)
    return Encoding(implicit=not explicit, big=stated.big)


def _guess(data: bytes, elements: dict[int, Element], encoding: Encoding) -> Syntax:
    """The transfer syntax of a file that names none."""
    pixels = elements.get(PIXEL_DATA)
    if pixels is not None and pixels.encapsulated:
        return of_codestream(data[pixels.start : pixels.end])
    if encoding.implicit:
        return IMPLICIT_LITTLE
    return EXPLICIT_BIG if encoding.big else EXPLICIT_LITTLE
