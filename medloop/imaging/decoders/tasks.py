"""What the decoder process can do: a codec's name, and bytes to values. Runs in that process alone."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from medloop.imaging.codestreams.jpeg import baited
from medloop.imaging.decoders.run_length import unpack
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

Values = NDArray[Any]
Result = tuple[Values, Facts]


def jpeg(data: bytes, space: str) -> Result:
    """Any process of JPEG (ISO 10918-1): 8 and 12 bits, progressive, lossless up to 16 bits.

    HxW or HxWx3, colour as RGB. `space` says what the stream holds: GRAYSCALE, RGB or YCBCR; libjpeg would
    guess by markers that DICOM writers do not set.

    Raises:
        Refused: UNDECODABLE where the stream ends before the picture does.
    """
    shown = "RGB" if space == "YCBCR" else space
    decode = partial(imagecodecs.jpeg8_decode, colorspace=space, outcolorspace=shown)
    values = decode(data)
    if not np.array_equal(values, decode(baited(data))):
        raise Refused(Reason.UNDECODABLE, {"problem": "truncated"})
    return values, {}


def jpeg_ls(data: bytes) -> Result:
    """ISO 14495-1; unsigned, since the stream knows no sign."""
    return imagecodecs.jpegls_decode(data), {}


def jpeg_2000(data: bytes) -> Result:
    """ISO 15444-1 and -15 (high throughput), a bare codestream or in boxes; its colour transform undone."""
    return imagecodecs.jpeg2k_decode(data, numthreads=1), {}


def run_lengths(data: bytes, bounds: list[int], plane_bytes: int) -> Result:
    """Byte planes of a DICOM RLE frame: one row of `plane_bytes` per segment between `bounds`."""
    planes = np.empty((len(bounds) - 1, plane_bytes), np.uint8)
    for plane, start, end in zip(planes, bounds, bounds[1:], strict=False):
        segment = data[start:end]
        try:
            filled = len(imagecodecs.packbits_decode(segment, out=plane.data))
        except imagecodecs.PackbitsError:
            filled = 0
        if filled < plane_bytes:
            plane[:] = np.frombuffer(unpack(segment, plane_bytes), np.uint8)
    return planes, {}


def png(data: bytes) -> Result:
    return imagecodecs.png_decode(data), {}


def tiff(data: bytes) -> Result:
    # Loaded here, because reading it takes as long as all the rest.
    from medloop.imaging.decoders.tiff import decode_tiff

    return decode_tiff(data)


TASKS: Final[dict[str, Callable[..., Result]]] = {
    "jpeg": jpeg,
    "jpeg_ls": jpeg_ls,
    "jpeg_2000": jpeg_2000,
    "run_lengths": run_lengths,
    "png": png,
    "tiff": tiff,
}
