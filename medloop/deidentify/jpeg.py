"""JPEG files with nothing but their pixels, never encoded anew: segments are copied or left out whole."""

from typing import Final

from medloop.deidentify.jpeg_segments import Segment, needed, segments
from medloop.deidentify.orientation import exif_orientation
from medloop.deidentify.result import Deidentified
from medloop.imaging.codestreams.jpeg import END, read_jpeg_header
from medloop.imaging.limits import check_chunks
from medloop.rules.reasons import Reason, Refused

_SOI, _EOI, _SOS, _COM, _APP_0 = 0xD8, 0xD9, 0xDA, 0xFE, 0xE0
_DROPPED: Final = frozenset({*range(0xE0, 0xF0), _COM})
_THUMBNAIL_SIZE: Final = 12
"""Where JFIF tells the sides of its thumbnail."""


def deidentify_jpeg(data: bytes) -> Deidentified:
    """The same coefficients bit for bit, and behind the end of the image nothing.

    Raises:
        Refused: TRUNCATED, BAD_HEADER, UNDECODABLE.
    """
    read_jpeg_header(data)
    exif = exif_orientation(data, "jpeg")
    application, pictorial, count, removed = [], [], 0, 0
    last, in_scan, ended = 0, False, False
    for segment in segments(data):
        check_chunks(count := count + 1)
        if in_scan:
            pictorial.append(data[last : segment.start])
        if segment.marker in _DROPPED:
            kept = _kept(data, segment)
            application += [kept] if kept else []
            removed += not kept
        elif segment.marker not in (_SOI, _EOI):
            pictorial.append(data[segment.start : segment.end])
        last, in_scan, ended = segment.end, segment.marker == _SOS, segment.marker == _EOI
    if not ended:
        raise Refused(Reason.TRUNCATED, {"format": "jpeg", "actual_bytes": len(data)})
    if exif:
        application.append(_segment(0xE1, b"Exif\x00\x00" + exif))
    content = b"".join((b"\xff\xd8", *application, *pictorial, END))
    removed -= bool(exif)
    return Deidentified(content, {"removed": removed} if removed > 0 else {})


def _kept(data: bytes, segment: Segment) -> bytes:
    """What tells how components become colours and how large pixels are; b"" for all else."""
    size = needed(data, segment)
    body = data[segment.body : segment.end][:size]
    if len(body) < size or not size:
        return b""
    if segment.marker == _APP_0:
        body = body[:_THUMBNAIL_SIZE] + b"\x00\x00"
    return _segment(segment.marker, body)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body
