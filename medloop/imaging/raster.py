"""Reads PNG and JPEG: grey or RGB, upright, without alpha, with the depth that the decoder keeps."""

from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np

from medloop.imaging.boundary import decoding
from medloop.imaging.limits import check_chunks, check_values
from medloop.imaging.picture import Facts, Picture
from medloop.imaging.sniff import Format
from medloop.rules.reasons import Reason, Refused

if TYPE_CHECKING:
    from PIL.Image import Image

_GREY_MODES: Final = {"1": "L", "LA": "L", "La": "L", "I;16B": "I;16"}
_KEPT: Final = frozenset({"L", "I;16", "I"})
_ORIENTATION: Final = 0x0112
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def read_raster(data: bytes, format_: Format) -> Picture:
    """Raises Refused: see docs/reasons.md."""
    facts: Facts = {"format": format_.value}
    if format_ is Format.PNG:
        rows, columns, bits = _png_header(data)
    else:
        rows, columns, bits = _jpeg_header(data)
    check_values(rows, columns, 1)  # Pillow itself would only warn below 179 million
    reason = Reason.TRUNCATED if format_ is Format.JPEG and not _jpeg_ends(data) else Reason.UNDECODABLE
    with decoding(reason, {**facts, "actual_bytes": len(data)}):
        from PIL import Image

        with Image.open(BytesIO(data), formats=(format_.value.upper(),)) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > 1:
                raise Refused(Reason.MULTI_FRAME, {**facts, "frames": frames})
            check_values(image.height, image.width, len(image.getbands()))
            mode = image.mode
            values = np.asarray(_plain(image)).astype(np.float32)
    channels = 3 if values.ndim == 3 else 1
    facts |= {"rows": values.shape[0], "columns": values.shape[1], "channels": channels, "bits": bits}
    return Picture(values, facts | {"mode": mode, "spacing": "unknown"})


def _plain(image: "Image") -> "Image":
    """Upright, L, I;16 or RGB."""
    from PIL import ImageOps

    if image.getexif().get(_ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode in _KEPT:
        return image
    return image.convert(_GREY_MODES.get(image.mode, "RGB"))


def _png_header(data: bytes) -> tuple[int, int, int]:
    """Rows, columns and bits per channel; walks the chunks so that a cut file is known as one.

    Raises:
        Refused: TRUNCATED or BAD_HEADER.
    """
    position, size, count = 8, len(data), 0
    if data[12:16] != b"IHDR" and size >= 16:
        raise Refused(Reason.BAD_HEADER, {"format": "png", "problem": "first_chunk"})
    while data[position + 4 : position + 8] != b"IEND":
        check_chunks(count := count + 1)
        position += 12 + int.from_bytes(data[position : position + 4], "big")
        if position + 12 > size:
            raise Refused(Reason.TRUNCATED, {"expected_bytes": position + 12, "actual_bytes": size})
    columns, rows = (int.from_bytes(data[start : start + 4], "big") for start in (16, 20))
    return rows, columns, data[24]


def _jpeg_header(data: bytes) -> tuple[int, int, int]:
    """Rows, columns and bits per channel from the frame header.

    Raises:
        Refused: TRUNCATED where there is none before the end, BAD_HEADER where something else is.
    """
    position, size, count = 2, len(data), 0
    while position + 9 < size:
        check_chunks(count := count + 1)
        if data[position] != 0xFF:
            raise Refused(Reason.BAD_HEADER, {"format": "jpeg", "problem": "marker", "offset": position})
        marker = data[position + 1]
        if marker in _FRAME_HEADERS:
            rows, columns = (int.from_bytes(data[position + at : position + at + 2], "big") for at in (5, 7))
            return rows, columns, data[position + 4]
        if marker == 0xFF:
            position += 1
        elif marker in _STANDALONE:
            position += 2
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    raise Refused(Reason.TRUNCATED, {"expected_bytes": position + 10, "actual_bytes": size})


def _jpeg_ends(data: bytes) -> bool:
    return data.rstrip(b"\x00\r\n").endswith(b"\xff\xd9")
