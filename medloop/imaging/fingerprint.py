"""What an image shows, in 256 bits: near-equal for copies that were re-encoded, rescaled or resized.

The bits are the signs of the image's lowest cosine frequencies. Brightness, contrast and resolution do not
change them, noise and lossy compression only those whose frequency is hardly there. Cropping, turning,
mirroring and inverting change about half of them: such copies are not recognised.
"""

from functools import cache, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

BITS: Final = 256

_SIDE: Final = {2: 19, 3: 9}
"""Frequencies looked at along each axis: enough for the 256 lowest of the square or cube."""


def fingerprint(values: NDArray[np.float32]) -> str | None:
    """64 hexadecimal digits for an image or volume of any size; None where there is nothing to compare.

    Colours are averaged, and so is the time of a volume that has some. Two fingerprints are compared by the
    number of bits in which they differ (medloop.rules.near_duplicates says how many are too few).
    """
    if values.ndim == 4 or (values.ndim == 3 and values.shape[-1] == 3):
        values = values.mean(axis=-1, dtype=np.float32)
    values = values.squeeze()
    if values.ndim not in _SIDE:
        return None
    spectrum = values
    for side in values.shape:
        # The first axis is contracted and its frequencies put last: after all axes the order is the old one.
        spectrum = np.tensordot(spectrum, _cosines(side, _SIDE[values.ndim]), axes=(0, 1))
    lowest = spectrum.ravel()[_lowest(values.ndim)]
    if not np.isfinite(lowest).all() or not lowest.any():
        return None
    return np.packbits(lowest > 0).tobytes().hex()


@lru_cache(maxsize=64)
def _cosines(side: int, frequencies: int) -> NDArray[np.float32]:
    """Row f is the f-th cosine (DCT-II) sampled on `side` pixels, scaled so that sides do not matter."""
    turns = np.outer(np.arange(frequencies), (np.arange(side) + 0.5) / side)
    return (np.cos(np.pi * turns) / side).astype(np.float32)


@cache
def _lowest(dims: int) -> NDArray[np.intp]:
    """Flat indices of the 256 lowest frequencies but the mean.

    In an order that mixes them: neighbouring bits of one kind of image are alike, and a search by pieces of
    the fingerprint (medloop.rules.near_duplicates) wants every piece to tell images apart.
    """
    squares = np.sum(np.indices([_SIDE[dims]] * dims) ** 2, axis=0).ravel()
    lowest = np.argsort(squares, kind="stable")[1 : BITS + 1]
    return lowest[np.arange(BITS) * 97 % BITS]
