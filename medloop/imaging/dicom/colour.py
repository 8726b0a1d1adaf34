"""Luminance and chrominance turned into RGB (PS3.3 C.7.6.3.1.2)."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]

_FULL: Final = np.array([[1, 1, 1], [0, -0.344136, 1.772], [1.402, -0.714136, 0]], dtype=np.float32)
_PARTIAL: Final = np.array(
    [[1.164384, 1.164384, 1.164384], [0, -0.391762, 2.017232], [1.596027, -0.812968, 0]], dtype=np.float32
)
"""Rows are Y, Cb, Cr; of YBR_PARTIAL, luminance spans 16 to 235 and chrominance 16 to 240 of 8 bits."""


def spread_pairs(flat: Values, rows: int, columns: int) -> Values:
    """Y Y Cb Cr for every two neighbours, to Y Cb Cr for each."""
    pairs = flat.reshape(rows, columns // 2, 4)
    values = np.empty((rows, columns, 3), dtype=flat.dtype)
    values[:, ::2, 0], values[:, 1::2, 0] = pairs[:, :, 0], pairs[:, :, 1]
    values[:, :, 1:] = np.repeat(pairs[:, :, 2:], 2, axis=1)
    return values


def spread_squares(flat: Values, rows: int, columns: int) -> Values:
    """Y Y Y Y Cb Cr for every square of four, to Y Cb Cr for each; the upper two of the Y come first."""
    squares = flat.reshape(rows // 2, columns // 2, 6)
    values = np.empty((rows, columns, 3), dtype=flat.dtype)
    for place, (row, column) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        values[row::2, column::2, 0] = squares[:, :, place]
        values[row::2, column::2, 1:] = squares[:, :, 4:]
    return values


def ybr_to_rgb(values: Values, bits: int, partial: bool = False) -> NDArray[np.float32]:
    """Rounded to whole numbers and clipped to the range of `bits`."""
    shifted = values.astype(np.float32)
    shifted[..., 1:] -= 1 << (bits - 1)
    if partial:
        shifted[..., 0] -= 1 << (bits - 4)
    rgb = shifted.reshape(-1, 3) @ (_PARTIAL if partial else _FULL)
    np.rint(rgb, out=rgb)
    np.clip(rgb, 0, (1 << bits) - 1, out=rgb)
    return rgb.reshape(values.shape)
