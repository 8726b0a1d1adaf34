"""The header fields that DICOM pixels depend on, read and checked before any pixel is."""

from dataclasses import dataclass
from typing import Final

from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.limits import check_values
from medloop.rules.reasons import Reason, Refused

GREY: Final = frozenset({"MONOCHROME1", "MONOCHROME2"})
COLOUR: Final = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
PALETTE: Final = "PALETTE COLOR"
_BITS: Final = frozenset({1, 8, 16, 32})

_TAGS: Final = {
    "SamplesPerPixel": 0x00280002,
    "PhotometricInterpretation": 0x00280004,
    "PlanarConfiguration": 0x00280006,
    "NumberOfFrames": 0x00280008,
    "Rows": 0x00280010,
    "Columns": 0x00280011,
    "BitsAllocated": 0x00280100,
    "BitsStored": 0x00280101,
    "HighBit": 0x00280102,
    "PixelRepresentation": 0x00280103,
}


@dataclass(frozen=True)
class Header:
    """The image pixel module (PS3.3 C.7.6.3), consistent in itself."""

    rows: int
    columns: int
    samples: int
    photometric: str
    planar: bool
    """Colour by plane (RRR…GGG…BBB…) instead of by pixel."""
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool

    @property
    def native_bytes(self) -> int:
        """Length of the uncompressed pixel data, without padding."""
        if self.photometric == "YBR_FULL_422" and self.samples == 3:
            return self.rows * self.columns * 2 * self.bits_allocated // 8
        return (self.rows * self.columns * self.samples * self.bits_allocated + 7) // 8

    @property
    def stored_range(self) -> tuple[int, int]:
        """The lowest and the highest value that the stored bits can hold."""
        if self.signed:
            return -(1 << (self.bits_stored - 1)), (1 << (self.bits_stored - 1)) - 1
        return 0, (1 << self.bits_stored) - 1


def read_header(file: DicomFile) -> Header:
    """Raises Refused: BAD_HEADER naming the field, MULTI_FRAME or PIXEL_LIMIT."""
    rows, columns = _number(file, "Rows"), _number(file, "Columns")
    samples = _number(file, "SamplesPerPixel", missing=1)
    check_values(rows, columns, samples)
    check_single_frame(file)
    allocated = _number(file, "BitsAllocated")
    stored = _number(file, "BitsStored", missing=allocated)
    header = Header(
        rows=rows,
        columns=columns,
        samples=samples,
        photometric=file.word(_TAGS["PhotometricInterpretation"]),
        planar=_number(file, "PlanarConfiguration", missing=0) == 1,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=_number(file, "HighBit", missing=stored - 1),
        signed=_number(file, "PixelRepresentation") == 1,
    )
    _check(header)
    return header


def check_single_frame(file: DicomFile) -> None:
    """Raises Refused: MULTI_FRAME, or BAD_HEADER where the number of frames is none."""
    text = file.word(_TAGS["NumberOfFrames"])
    if text and not (text.isdecimal() and len(text) <= 10):
        raise Refused(Reason.BAD_HEADER, {"field": "NumberOfFrames"})
    if int(text or 1) > 1:
        raise Refused(Reason.MULTI_FRAME, {"frames": int(text)})


def _number(file: DicomFile, field: str, missing: int | None = None) -> int:
    element = file.elements.get(_TAGS[field])
    length = element.end - element.start if element else 0
    if element is None or length == 0:
        if missing is None:
            raise Refused(Reason.BAD_HEADER, {"field": field, "problem": "missing"})
        return missing
    if length not in (2, 4):
        raise Refused(Reason.BAD_HEADER, {"field": field, "problem": "length"})
    value = file.data[element.start : element.end]
    return int.from_bytes(value, "big" if file.encoding.big else "little")


def _check(header: Header) -> None:
    wanted = 3 if header.photometric in COLOUR else 1
    if header.photometric not in GREY | COLOUR | {PALETTE}:
        raise Refused(Reason.BAD_HEADER, {"field": "PhotometricInterpretation"})
    if header.samples != wanted:
        raise Refused(Reason.BAD_HEADER, {"field": "SamplesPerPixel", "samples": header.samples})
    if header.bits_allocated not in _BITS:
        raise Refused(Reason.BAD_HEADER, {"field": "BitsAllocated", "bits": header.bits_allocated})
    if not 1 <= header.bits_stored <= header.bits_allocated:
        raise Refused(Reason.BAD_HEADER, {"field": "BitsStored", "bits": header.bits_stored})
    if not header.bits_stored - 1 <= header.high_bit < header.bits_allocated:
        raise Refused(Reason.BAD_HEADER, {"field": "HighBit", "bits": header.high_bit})
    if header.samples == 3 and header.bits_allocated not in (8, 16):
        raise Refused(Reason.BAD_HEADER, {"field": "BitsAllocated", "bits": header.bits_allocated})
    if header.photometric == "YBR_FULL_422" and header.columns % 2:
        raise Refused(Reason.BAD_HEADER, {"field": "Columns", "columns": header.columns})
