"""Encapsulated pixel data, blanked wherever something else than pixels could hide (PS3.5 annex A.4).

Nothing changes its place, so offset tables stay right; nothing is decoded, so pixels stay bit for bit.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final

from medloop.deidentify import jpeg_2000_segments, jpeg_segments
from medloop.imaging.codestreams import jpeg, jpeg_2000
from medloop.imaging.dicom.elements import PIXEL_DATA
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.syntaxes import Codec

Span = tuple[int, int]

_STARTS: Final = {
    Codec.JPEG: (jpeg.START,),
    Codec.JPEG_2000: (jpeg_2000.START, jpeg_2000.BOX_START),
    Codec.RLE: (b"",),
}
_STRANGE: Final[dict[Codec, Callable[[bytes], list[Span]]]] = {
    Codec.JPEG: jpeg_segments.strange,
    Codec.JPEG_2000: jpeg_2000_segments.strange,
}
_HEADER: Final = 8
_RLE_TABLE: Final = struct.Struct("<16I")


def clean_fragments(file: DicomFile) -> bytes | memoryview:
    """Offset table, fragments and delimiter; the file's own bytes where there is nothing to blank."""
    pixels = file.elements[PIXEL_DATA]
    whole = memoryview(file.data)[pixels.start : pixels.end]
    bounds = list(_bounds(whole, ">I" if file.encoding.big else "<I"))
    spans = [span for group in _codestreams(file, whole, bounds[1:]) for span in _strange(file, whole, group)]
    spans += _odd_table(whole, bounds[:1])
    spans.append((len(whole) - 4, len(whole)))  # the delimiter's length
    if not any(whole[start:end].tobytes().strip(b"\x00") for start, end in spans):
        return whole
    content = bytearray(whole)
    for start, end in spans:
        content[start:end] = bytes(end - start)
    return bytes(content)


def _bounds(whole: memoryview, length: str) -> Iterator[Span]:
    """Of the offset table's and every fragment's bytes."""
    position = 0
    while position + _HEADER < len(whole):
        end = position + _HEADER + struct.unpack_from(length, whole, position + 4)[0]
        yield position + _HEADER, end
        position = end


def _codestreams(file: DicomFile, whole: memoryview, fragments: list[Span]) -> Iterator[list[Span]]:
    """Fragments that together are one codestream."""
    starts = _STARTS.get(file.syntax.codec)
    if starts is None:
        return
    group: list[Span] = []
    for start, end in fragments:
        if group and whole[start : min(end, start + _HEADER)].tobytes().startswith(starts):
            yield group
            group = []
        group.append((start, end))
    if group:
        yield group


def _strange(file: DicomFile, whole: memoryview, group: list[Span]) -> Iterator[Span]:
    """In places of the pixel data."""
    stream = b"".join(whole[start:end] for start, end in group)
    if file.syntax.codec is Codec.RLE:
        found = _rle_gaps(stream)
    elif stream.startswith(_STARTS[file.syntax.codec]):
        found = _STRANGE[file.syntax.codec](stream)
    else:
        return
    passed = 0
    for start, end in group:
        shift = start - passed
        size = end - start
        for first, last in found:
            first, last = max(first, passed), min(last, passed + size)
            if first < last:
                yield first + shift, last + shift
        passed += size


def _rle_gaps(frame: bytes) -> list[Span]:
    """Entries of the segment table that are not in use, and what lies before the first one (PS3.5 G.5)."""
    if len(frame) < _RLE_TABLE.size:
        return []
    count, first = _RLE_TABLE.unpack_from(frame)[:2]
    gap = (_RLE_TABLE.size, min(first, len(frame)))
    return [span for span in ((4 + 4 * min(count, 15), _RLE_TABLE.size), gap) if span[1] > span[0]]


def _odd_table(whole: memoryview, table: list[Span]) -> list[Span]:
    """A basic offset table that does not begin with 0 and ascend is none, and could be anything."""
    if not table:
        return []
    start, end = table[0]
    words = struct.unpack_from(f"<{(end - start) // 4}I", whole, start)
    ascends = all(first < second for first, second in zip(words, words[1:], strict=False))
    return (
        []
        if ascends and words[:1] in ((), (0,)) and (not words or words[-1] < len(whole))
        else [(start, end)]
    )
