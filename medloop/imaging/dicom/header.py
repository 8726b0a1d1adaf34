"""The header fields that DICOM pixels depend on, read and checked before any pixel is."""

from dataclasses import dataclass
from typing import Final

from medloop.imaging.dicom.elements import PIXEL_DATA
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.frame_count import count_frames
from medloop.imaging.dicom.kind import kind_facts
from medloop.imaging.limits import check_declared
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

GREY: Final = frozenset({"MONOCHROME1", "MONOCHROME2"})
HALVED: Final = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
"""One chrominance for two pixels of a row, where uncompressed."""
QUARTERED: Final = frozenset({"YBR_PARTIAL_420"})
COLOUR: Final = HALVED | QUARTERED | {"RGB", "YBR_FULL", "YBR_ICT", "YBR_RCT"}
PALETTE: Final = "PALETTE COLOR"
FLOAT, DOUBLE = 0x7FE00008, 0x7FE00009
_BITS: Final = frozenset({1, 8, 16, 32, 64})

_TAGS: Final = {
    "SamplesPerPixel": 0x00280002,
    "PhotometricInterpretation": 0x00280004,
    "PlanarConfiguration": 0x00280006,
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
    frames: int
    frames_stated: bool
    """False where the number of frames follows from the length of the pixel data instead."""
    samples: int
    photometric: str
    planar: bool
    """Colour by plane (RRR…GGG…BBB…) instead of by pixel."""
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    pixels: int
    """The tag of the element that holds them: integers, floats or doubles."""

    @property
    def is_float(self) -> bool:
        return self.pixels != PIXEL_DATA

    @property
    def channels(self) -> int:
        """Of the picture, not of the file: a palette gives three."""
        return 3 if self.samples == 3 or self.photometric == PALETTE else 1

    @property
    def frame_bits(self) -> int:
        """One uncompressed frame."""
        return frame_bits(self.rows, self.columns, self.samples, self.bits_allocated, self.photometric)

    @property
    def stored_range(self) -> tuple[int, int]:
        """The lowest and the highest value that the stored bits can hold."""
        if self.signed:
            return -(1 << (self.bits_stored - 1)), (1 << (self.bits_stored - 1)) - 1
        return 0, (1 << self.bits_stored) - 1


def frame_bits(rows: int, columns: int, samples: int, allocated: int, photometric: str) -> int:
    """Length of one uncompressed frame; frames of single bits follow each other without padding."""
    if samples == 3 and photometric in HALVED:
        return rows * columns * 2 * allocated
    if samples == 3 and photometric in QUARTERED:
        return rows * columns * 3 * allocated // 2
    return rows * columns * samples * allocated


def read_header(file: DicomFile) -> Header:
    """Raises Refused: BAD_HEADER naming the field, NO_PIXELS or DECLARED_SIZE_TOO_LARGE."""
    pixels = _pixel_tag(file)
    rows, columns = _number(file, "Rows"), _number(file, "Columns")
    samples = _number(file, "SamplesPerPixel", missing=1)
    photometric = file.word(_TAGS["PhotometricInterpretation"]).upper()
    allocated = _number(file, "BitsAllocated", missing={FLOAT: 32, DOUBLE: 64}.get(pixels))
    stored = _number(file, "BitsStored", missing=allocated)
    _check(rows, columns, samples, photometric, allocated, stored)
    size: Facts = {"rows": rows, "columns": columns, "samples": samples}
    channels = 3 if photometric == PALETTE else samples
    check_declared(rows * columns * channels, size)
    frames, stated = count_frames(file, pixels, frame_bits(rows, columns, samples, allocated, photometric))
    check_declared(frames * rows * columns * channels, {**size, "frames": frames})
    return Header(
        rows=rows,
        columns=columns,
        frames=frames,
        frames_stated=stated,
        samples=samples,
        photometric=photometric,
        planar=_number(file, "PlanarConfiguration", missing=0) == 1,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=_number(file, "HighBit", missing=stored - 1),
        signed=pixels == PIXEL_DATA and _number(file, "PixelRepresentation") == 1,
        pixels=pixels,
    )


def _pixel_tag(file: DicomFile) -> int:
    for tag in (PIXEL_DATA, FLOAT, DOUBLE):
        element = file.elements.get(tag)
        if element is not None and element.end > element.start:
            return tag
    raise Refused(Reason.NO_PIXELS, kind_facts(file))


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


def _check(rows: int, columns: int, samples: int, photometric: str, allocated: int, stored: int) -> None:
    wanted = 3 if photometric in COLOUR else 1
    if photometric not in GREY | COLOUR | {PALETTE}:
        raise Refused(Reason.BAD_HEADER, {"field": "PhotometricInterpretation"})
    if samples != wanted:
        raise Refused(Reason.BAD_HEADER, {"field": "SamplesPerPixel", "samples": samples})
    if allocated not in _BITS or (samples == 3 and allocated not in (8, 16, 32)):
        raise Refused(Reason.BAD_HEADER, {"field": "BitsAllocated", "bits": allocated})
    if not 1 <= stored <= allocated:
        raise Refused(Reason.BAD_HEADER, {"field": "BitsStored", "bits": stored})
    if (photometric in HALVED and columns % 2) or (photometric in QUARTERED and (rows % 2 or columns % 2)):
        raise Refused(Reason.BAD_HEADER, {"field": "Columns", "rows": rows, "columns": columns})
