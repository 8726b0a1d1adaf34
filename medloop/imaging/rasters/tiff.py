"""Reads TIFF: one page, or a stack of equal ones. The decoder process does it: the format is a toolbox."""

from typing import Final

import numpy as np

from medloop.imaging.decoders.process import DECODER
from medloop.imaging.picture import Facts, Picture
from medloop.imaging.rasters.directories import check_directories
from medloop.imaging.values import check_finite

_PATIENCE: Final = 5_000_000
"""Values granted of time to decode, beside one for each byte: small files may hold large blank pictures."""


def read_tiff(data: bytes) -> Picture:
    """Values as stored, white brightest; several pages as frames. No place in space is invented.

    Fact `deviations`: "alpha_dropped" where pages have alpha, "previews_dropped".

    Raises:
        Refused: see docs/reasons.md.
    """
    facts: Facts = {"format": "tiff", "actual_bytes": len(data)}
    check_directories(data)
    stored, found = DECODER.run("tiff", data, facts, values=_PATIENCE + len(data))
    values = stored.astype(np.float32)
    described: Facts = {"format": "tiff", **found, "spacing": "unknown"}
    check_finite(values, described)
    return Picture(values, described)
