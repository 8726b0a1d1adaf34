"""The pixel data of a DICOM file as they are written: the same bytes, without what may hide behind them."""

from typing import Final

from medloop.deidentify.elements import header
from medloop.deidentify.fragments import clean_fragments
from medloop.imaging.dicom.elements import PIXEL_KINDS, UNDEFINED, Element
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.header import frame_bits
from medloop.imaging.dicom.vr import LONG

_ROWS, _COLUMNS, _SAMPLES, _BITS, _FRAMES = 0x00280010, 0x00280011, 0x00280002, 0x00280100, 0x00280008
_PHOTOMETRIC: Final = 0x00280004


def pixel_parts(file: DicomFile) -> list[bytes | memoryview]:
    """Element header, value, padding; the value is a view, so that it is copied only once."""
    tag = next((tag for tag in PIXEL_KINDS if tag in file.elements), None)
    if tag is None:
        return []
    found = file.elements[tag]
    vr = found.vr if found.vr in LONG else b"OW"
    if found.encapsulated:
        return [header(tag, vr, UNDEFINED, file.encoding), clean_fragments(file)]
    length = _length(file, found)
    value = memoryview(file.data)[found.start : found.start + length]
    return [header(tag, vr, length + length % 2, file.encoding), value, bytes(length % 2)]


def element_start(found: Element) -> int:
    """Where an element's header begins."""
    return found.start - (12 if found.vr in LONG else 8)


def _length(file: DicomFile, found: Element) -> int:
    """Without bytes behind the last whole frame: less than one is no picture, and could be anything."""
    actual, frame = found.end - found.start, _frame_bits(file)
    frames = file.word(_FRAMES)
    count = int(frames) if frames.isdecimal() and len(frames) < 10 else 1
    if not frame or actual * 8 < frame * count:
        return actual
    whole = max(count, actual * 8 // frame)
    # Bits of several frames follow each other without a gap, so the last byte may hold a few of no frame.
    return min(actual, (frame * whole + 7) // 8)


def _frame_bits(file: DicomFile) -> int:
    rows, columns, samples, bits = (_number(file, tag) for tag in (_ROWS, _COLUMNS, _SAMPLES, _BITS))
    return frame_bits(rows, columns, samples or 1, bits, file.word(_PHOTOMETRIC).upper())


def _number(file: DicomFile, tag: int) -> int:
    return int.from_bytes(file.content(tag)[:4], "big" if file.encoding.big else "little")
