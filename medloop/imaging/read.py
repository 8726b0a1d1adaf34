"""From any bytes to a picture: the one door of this package."""

from dataclasses import replace

import numpy as np

from medloop.imaging.picture import Picture
from medloop.imaging.sniff import NOT_IMAGES, READABLE, Format, sniff
from medloop.rules.reasons import Reason, Refused


def read_image(data: bytes) -> Picture:
    """One finite, non-constant 2D picture, whatever the file was called.

    Takes 6 to 9 bytes of memory per pixel and channel beside the bytes given (measured), 800 MB at the limit
    of medloop.imaging.limits; a deflated DICOM file adds what it inflates to. Claims cost nothing.
    Not for several threads at once: it silences the decoders' warnings process-wide while they run.

    Raises:
        Refused: for every other content; any other exception is a bug of ours.
    """
    if not data:
        raise Refused(Reason.EMPTY, {"actual_bytes": 0})
    try:
        with np.errstate(all="ignore"):
            picture = _read(data, sniff(data))
            _check_values(picture)
    except MemoryError as error:
        raise Refused(Reason.PIXEL_LIMIT, {"actual_bytes": len(data)}) from error
    return picture


def _read(data: bytes, format_: Format) -> Picture:
    if format_ in NOT_IMAGES:
        raise Refused(Reason.NOT_AN_IMAGE, {"format": format_.value, "actual_bytes": len(data)})
    if format_ not in READABLE:
        raise Refused(Reason.UNSUPPORTED_FORMAT, {"format": format_.value})
    # Loaded by format: a function that sees only PNG never pays for the other, nor the reverse.
    if format_ is Format.DICOM:
        from medloop.imaging.dicom.image import read_dicom

        picture = read_dicom(data)
        return replace(picture, facts={"format": format_.value, **picture.facts})
    from medloop.imaging.raster import read_raster

    return read_raster(data, format_)


def _check_values(picture: Picture) -> None:
    lowest, highest = float(picture.values.min()), float(picture.values.max())
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise Refused(Reason.NON_FINITE, picture.facts)
    if lowest == highest:
        raise Refused(Reason.CONSTANT_IMAGE, {**picture.facts, "value": lowest})
