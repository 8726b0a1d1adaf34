"""What the values of an image must be, whatever it was read from."""

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused


def check_finite(values: NDArray[np.float32], facts: Facts) -> None:
    """Raises Refused: NON_FINITE, with the facts. What is not finite in float32 is refused like NaN."""
    if not (np.isfinite(values.min()) and np.isfinite(values.max())):
        raise Refused(Reason.NON_FINITE, facts)


def check_varied(values: NDArray[np.float32], facts: Facts) -> None:
    """Of finite values: all the same is what failed exports and broken codecs leave.

    Raises:
        Refused: CONSTANT_IMAGE, with the facts and the `value`.
    """
    lowest = float(values.min())
    if lowest == float(values.max()):
        raise Refused(Reason.CONSTANT_IMAGE, {**facts, "value": lowest})
