"""TIFF (revision 6.0, and BigTIFF) as pictures have it: in the decoder process, by tifffile."""

import math
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile, TiffPage

from medloop.imaging.limits import MAX_INFLATION, MIN_INFLATED, check_declared, check_pixels
from medloop.imaging.picture import Facts
from medloop.imaging.rasters.upright import TAG, upright
from medloop.rules.reasons import Reason, Refused

Values = NDArray[Any]

_GREY: Final = frozenset({PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE})
_JPEG: Final = frozenset({COMPRESSION.JPEG, COMPRESSION.OJPEG})
"""Whose decoder makes RGB of YCbCr."""

_SMALLER_COPY: Final = 1
"""Bit of NewSubfileType: a page for previews."""

_ONE_BYTE: Final = 256
"""Palettes have 16 bits; many a writer fills the lower 8 alone."""


def decode_tiff(data: bytes) -> tuple[Values, Facts]:
    """HxW or HxWx3, of several pages FxHxW or FxHxWx3; a bilevel page spans 0 to 255.

    Raises:
        Refused: TRUNCATED, PIXEL_LIMIT, DECLARED_SIZE_TOO_LARGE, EXPANSION_LIMIT, MULTI_FRAME for pages that
            differ, BAD_HEADER, NO_PIXELS, UNDECODABLE.
    """
    try:
        with TiffFile(BytesIO(data)) as file:
            return _decoded(file, len(data))
    except MemoryError:
        raise Refused(Reason.PIXEL_LIMIT, {"problem": "memory"}) from None


def _decoded(file: TiffFile, size: int) -> tuple[Values, Facts]:
    whole = [page for page in file.pages if isinstance(page, TiffPage)]
    pages = [page for page in whole if not int(page.subfiletype or 0) & _SMALLER_COPY]
    if not pages:
        raise Refused(Reason.NO_PIXELS, {"problem": "pages"})
    for page in pages:
        _check(page, size)
    first = pages[0]
    if any(_kind(page) != _kind(first) for page in pages):
        raise Refused(Reason.MULTI_FRAME, {"pages": len(pages)})
    _check_all_frames_have_pages(file, len(whole))
    # Of 64 bits each value counts twice: they are held as they are before they become 32.
    words = max(1, np.dtype(first.dtype).itemsize // 4)
    check_declared(len(pages) * math.prod(first.shape) * words, {"pages": len(pages)})
    pictures, opaque = zip(*map(_picture, pages), strict=True)
    facts: Facts = {
        "frames": len(pages),
        "rows": pictures[0].shape[0],
        "columns": pictures[0].shape[1],
        "channels": 3 if pictures[0].ndim == 3 else 1,
        "bits": int(first.bitspersample),
        "mode": PHOTOMETRIC(first.photometric).name.lower(),
    }
    dropped = {"alpha_dropped": not all(opaque), "previews_dropped": len(pages) < len(whole)}
    if any(dropped.values()):
        facts["deviations"] = ",".join(word for word, applies in dropped.items() if applies)
    return np.stack(pictures) if len(pictures) > 1 else pictures[0], facts


def _kind(page: TiffPage) -> tuple[Any, ...]:
    return page.shape, page.dtype, page.photometric


def _check_all_frames_have_pages(file: TiffFile, pages: int) -> None:
    """Some microscopes write the directory of the first frame alone and lay the others behind its pixels."""
    description = file.imagej_metadata if file.is_imagej else None
    frames = int((description or {}).get("images", 1))
    if file.is_shaped:
        shape = (file.shaped_metadata or ({},))[0].get("shape", ())
        frames = math.prod(shape) // math.prod(file.pages[0].shape)
    if frames > pages:
        raise Refused(Reason.MULTI_FRAME, {"frames": frames, "pages": pages})


def _check(page: TiffPage, size: int) -> None:
    """By what the directory says, before a pixel is decoded."""
    check_pixels(page.imagelength, page.imagewidth, page.samplesperpixel)
    if page.is_tiled:
        check_pixels(page.tilelength, page.tilewidth, page.samplesperpixel)
    if page.imagedepth != 1 or page.dtype is None or page.dtype.kind not in "buif" or page.dtype.itemsize > 8:
        raise Refused(Reason.UNDECODABLE, {"problem": "datatype"})
    _channels(page)
    if not page.dataoffsets or len(page.dataoffsets) != len(page.databytecounts):
        raise Refused(Reason.NO_PIXELS, {"problem": "strips"})
    wanted, present = math.prod(page.chunked), sum(length > 0 for length in page.databytecounts)
    if present < wanted:  # tifffile would leave them black
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, {"expected_strips": wanted, "actual_strips": present})
    _check_lengths(page, size)


def _check_lengths(page: TiffPage, size: int) -> None:
    lengths = [int(length) for length in page.databytecounts]
    end = max(int(offset) + length for offset, length in zip(page.dataoffsets, lengths, strict=True))
    if end > size:
        raise Refused(Reason.TRUNCATED, {"expected_bytes": end, "actual_bytes": size})
    stored, expected = sum(lengths), (math.prod(page.shape) * int(page.bitspersample) + 7) // 8
    sizes: Facts = {"expected_bytes": expected, "actual_bytes": stored}
    if page.compression == COMPRESSION.NONE and stored < expected:
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, sizes)
    if expected > max(MIN_INFLATED, MAX_INFLATION * stored):
        raise Refused(Reason.EXPANSION_LIMIT, sizes)


def _channels(page: TiffPage) -> int:
    """Of the picture without alpha: 1 or 3 of the samples.

    Raises:
        Refused: UNDECODABLE for colours of printers, spectra and other sciences.
    """
    kind, samples = page.photometric, int(page.samplesperpixel)
    if kind == PHOTOMETRIC.RGB or (kind == PHOTOMETRIC.YCBCR and page.compression in _JPEG):
        channels = 3
    elif kind in _GREY or (kind == PHOTOMETRIC.PALETTE and samples == 1):
        channels = 1
    else:
        channels = 0
    if channels and samples - channels in (0, 1):
        return channels
    raise Refused(Reason.UNDECODABLE, {"problem": "photometric", "samples": samples})


def _picture(page: TiffPage) -> tuple[Values, bool]:
    """HxW or HxWx3, and whether all of it is opaque."""
    values = page.asarray(maxworkers=1)
    is_opaque = True
    if page.samplesperpixel > 1:
        if page.planarconfig == 2:
            values = np.moveaxis(values, 0, -1)
        is_opaque = _channels(page) == page.samplesperpixel or _is_full(values[..., -1])
        values = values[..., :3] if _channels(page) == 3 else values[..., 0]
    if page.photometric == PHOTOMETRIC.PALETTE:
        values = _looked_up(values, page)
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * np.uint8(255)
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        values = _inverted(values, page.bitspersample)
    tag = page.tags.get(TAG)
    return np.ascontiguousarray(upright(values, int(tag.value) if tag is not None else 1)), is_opaque


def _is_full(alpha: Values) -> bool:
    return bool(alpha.min() == (np.iinfo(alpha.dtype).max if alpha.dtype.kind in "ui" else 1))


def _looked_up(values: Values, page: TiffPage) -> Values:
    palette = page.colormap
    if palette is None:
        raise Refused(Reason.BAD_HEADER, {"problem": "palette"})
    entries = palette if palette.max() < _ONE_BYTE else palette >> 8
    return np.moveaxis(entries[:, values.astype(np.intp)], 0, -1).astype(np.uint8)


def _inverted(values: Values, bits: int) -> Values:
    """White is the highest value, as everywhere else."""
    if values.dtype.kind != "u":
        raise Refused(Reason.BAD_HEADER, {"problem": "white_is_zero"})
    highest = 255 if bits == 1 else 2**bits - 1
    inverted: Values = values.dtype.type(highest) - values
    return inverted
