"""The one thing in a photograph's Exif data that its pixels cannot do without: which side is up."""

import struct
from io import BytesIO
from typing import Final

from medloop.imaging.boundary import decoding
from medloop.rules.reasons import Reason

_TAG: Final = 0x0112
_MAY_HAVE_ONE: Final = (b"eXIf", b"Exif", b"exif", b"Orientation")
_UPRIGHT: Final = 1


def exif_orientation(data: bytes, format_: str) -> bytes:
    """Exif data of nothing but the orientation of a PNG or JPEG file, as Pillow reads it; b"" where upright.

    Raises:
        Refused: UNDECODABLE.
    """
    if not any(word in data for word in _MAY_HAVE_ONE):
        return b""
    from PIL import Image

    with (
        decoding(Reason.UNDECODABLE, {"format": format_}),
        Image.open(BytesIO(data), formats=(format_.upper(),)) as image,
    ):
        stated = image.getexif().get(_TAG, _UPRIGHT)
    if not isinstance(stated, int) or not _UPRIGHT < stated <= 8:
        return b""
    # Big endian TIFF of one directory with one short value.
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _TAG, 3, 1, stated, 0, 0)
