"""Turns a picture as its orientation says: the same eight words in EXIF and in TIFF (tag 274)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

TAG = 274


def upright(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """HxW or HxWx3, shown as meant; 1 is upright already, and so is what the standard does not know."""
    if orientation in (5, 6, 7, 8):
        values = np.swapaxes(values, 0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values
