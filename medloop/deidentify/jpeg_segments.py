"""Where a JPEG stream (ISO 10918-1 annex B, JPEG-LS included) holds what is no part of its picture.

Comments, application data, thumbnails, and whatever lies between segments or behind the end of the image.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from medloop.imaging.codestreams.jpeg import START

Span = tuple[int, int]


class Segment(NamedTuple):
    """From its marker on; `body` behind the marker and the length, `end` behind the last byte."""

    marker: int
    start: int
    body: int
    end: int


_MARKER: Final = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""In scans, FF is followed by 00 or a restart marker; in those of JPEG-LS by a byte below 80."""

_FILL: Final = b"\xff"
"""May stand before any marker."""

_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APPS: Final = range(0xE0, 0xF0)
_APP_0, _APP_8, _APP_14 = 0xE0, 0xE8, 0xEE
_JFIF_BYTES, _ADOBE_BYTES, _LS_COLOUR_BYTES = 14, 12, 5


def segments(data: bytes) -> Iterator[Segment]:
    """Of one stream that begins with SOI, the last EOI; a scan is the bytes between SOS and what follows."""
    position = len(START) - 1
    yield Segment(_SOI, 0, position, position)
    while found := _MARKER.search(data, position):
        marker, start = data[found.start() + 1], found.start()
        if marker in (_SOI, _EOI):
            yield Segment(marker, start, start + 2, start + 2)
            if marker == _EOI:
                return
            position = start + 2
            continue
        body = start + 4
        position = max(body, min(start + 2 + int.from_bytes(data[start + 2 : body], "big"), len(data)))
        yield Segment(marker, start, body, position)


def strange(data: bytes) -> list[Span]:
    """Stretches that can be blanked, and no decoder will notice."""
    found, last, in_scan = [], 0, False
    for segment in segments(data):
        if not in_scan and data[last : segment.start].strip(_FILL):
            found.append((last, segment.start))
        if segment.marker == _COM or segment.marker in _APPS:
            start = segment.body + needed(data, segment)
            found.append((start, segment.end))
        # Comments may interrupt nothing: what follows them is a segment again.
        in_scan, last = segment.marker == _SOS, segment.end
    if not in_scan:
        found.append((last, len(data)))
    return [span for span in found if span[1] > span[0]]


def needed(data: bytes, segment: Segment) -> int:
    """Bytes at the start of an application segment that tell how its components become colours."""
    body = data[segment.body : min(segment.end, segment.body + _JFIF_BYTES)]
    if segment.marker == _APP_0 and body.startswith(b"JFIF\x00"):
        return _JFIF_BYTES
    if segment.marker == _APP_14 and body.startswith(b"Adobe"):
        return _ADOBE_BYTES
    if segment.marker == _APP_8 and body.startswith(b"mrfx"):
        return _LS_COLOUR_BYTES
    return 0
