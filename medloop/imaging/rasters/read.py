"""Reads PNG and JPEG: grey or RGB, upright, without alpha, at the depth that they were stored in."""

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.boundary import DECODER_ERRORS, decoding
from medloop.imaging.codestreams.jpeg import baited, read_jpeg_header
from medloop.imaging.decoders.process import DECODER
from medloop.imaging.limits import check_pixels
from medloop.imaging.picture import Facts, Picture
from medloop.imaging.rasters.deep_jpeg import decode_beyond_pillow, is_beyond_pillow
from medloop.imaging.rasters.png import GREY, check_pixel_data, read_png_header
from medloop.imaging.rasters.upright import TAG, upright
from medloop.imaging.sniff import Format
from medloop.imaging.values import check_finite
from medloop.rules.reasons import Reason, Refused

if TYPE_CHECKING:
    from PIL.Image import Image

_GREY_MODES: Final = {"1": "L", "LA": "L", "La": "L", "I;16B": "I;16"}
_KEPT: Final = frozenset({"L", "I;16", "I"})
_MOST: Final = 2**16 - 1
"""Of 16 bits: opaque, as alpha."""


def read_raster(data: bytes, format_: Format, entries: bool = False) -> Picture:
    """What the picture shows where it is opaque: alpha is dropped, never blended with a colour of our choice.
    With `entries`, of a picture with a palette (fact `mode`: P) the numbers of its entries, and no colours.

    Fact `deviations`: "alpha_dropped" where some pixel is not opaque, "orientation_unreadable" where EXIF is
    damaged.

    Raises:
        Refused: see docs/reasons.md.
    """
    is_deep = is_cut = False
    # Sizes are looked at first: Pillow itself would only warn below 179 million pixels.
    if format_ is Format.PNG:
        rows, columns, bits, colour_type = read_png_header(data)
        is_deep = bits == 16 and colour_type != GREY
        check_pixels(rows, columns)
        check_pixel_data(data)
    else:
        header = read_jpeg_header(data)
        bits, is_cut = header.bits, not header.ends
        check_pixels(header.rows, header.columns)
        if header.least_bytes > len(data):  # libjpeg would invent all the rest
            raise Refused(Reason.TRUNCATED, {"expected_bytes": header.least_bytes, "actual_bytes": len(data)})
    facts: Facts = {"format": format_.value}
    failure = Reason.TRUNCATED if is_cut else Reason.UNDECODABLE
    with decoding(failure, {**facts, "actual_bytes": len(data)}):
        if format_ is Format.JPEG and not is_cut and is_beyond_pillow(header):
            values, found = decode_beyond_pillow(data, header, facts)
        else:
            values, found = _decoded(data, format_, facts, is_deep, entries)
    channels = 3 if values.ndim == 3 else 1
    facts |= {"rows": values.shape[0], "columns": values.shape[1], "channels": channels, "bits": bits}
    facts |= {**found, "spacing": "unknown"}
    check_finite(values, facts)
    return Picture(values, facts)


def _decoded(
    data: bytes, format_: Format, facts: Facts, is_deep: bool, entries: bool
) -> tuple[NDArray[np.float32], Facts]:
    """The values, what Pillow calls the kind of picture, and what was passed over."""
    from PIL import Image

    with Image.open(BytesIO(data), formats=(format_.value.upper(),)) as image:
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            raise Refused(Reason.MULTI_FRAME, {**facts, "frames": frames})
        check_pixels(image.height, image.width, len(image.getbands()))
        # First: of a PNG, asking for EXIF loads the pixels, and what is forgiven there is lost here.
        image.load()
        orientation = _orientation(image)
        if is_deep:
            stored, is_opaque = _deep(data, facts, image.height * image.width)
            mode = "RGB;16" if stored.ndim == 3 else "L;16"
        else:
            as_stored = entries and image.mode == "P"
            stored = np.asarray(image if as_stored else _plain(image))
            is_opaque, mode = _is_opaque(image), image.mode
    if format_ is Format.JPEG:
        _check_whole(data, stored, facts)
    passed_over = {"alpha_dropped": not is_opaque, "orientation_unreadable": orientation is None}
    deviations = ",".join(word for word, applies in passed_over.items() if applies)
    found: Facts = {"mode": mode, **({"deviations": deviations} if deviations else {})}
    return np.ascontiguousarray(upright(stored, orientation or 1), np.float32), found


def _check_whole(data: bytes, stored: NDArray[Any], facts: Facts) -> None:
    """Raises Refused: TRUNCATED where libjpeg has made up the end of the picture."""
    from PIL import Image

    with Image.open(BytesIO(baited(data)), formats=("JPEG",)) as image:
        if not np.array_equal(stored, np.asarray(_plain(image))):
            raise Refused(Reason.TRUNCATED, {**facts, "actual_bytes": len(data)})


def _orientation(image: "Image") -> int | None:
    """1 where nothing is said, None where it cannot be read: a damaged comment is no damaged picture."""
    try:
        return int(image.getexif().get(TAG, 1))
    except DECODER_ERRORS:
        return None


def _deep(data: bytes, facts: Facts, pixels: int) -> tuple[NDArray[Any], bool]:
    """16 bits of each channel, of which Pillow would drop the lower 8; and whether all of it is opaque."""
    stored: NDArray[Any] = DECODER.run("png", data, facts, values=4 * pixels)[0]
    if stored.ndim == 2:
        return stored, True
    colours = stored.shape[2] - 1 + stored.shape[2] % 2
    is_opaque = colours == stored.shape[2] or bool(stored[..., -1].min() == _MOST)
    return (stored[..., :3] if colours == 3 else stored[..., 0]), is_opaque


def _plain(image: "Image") -> "Image":
    """L, I;16 or RGB."""
    if image.mode in _KEPT:
        return image
    return image.convert(_GREY_MODES.get(image.mode, "RGB"))


def _is_opaque(image: "Image") -> bool:
    if "A" in image.getbands():
        return image.getchannel("A").getextrema()[0] == 255
    return "transparency" not in image.info
