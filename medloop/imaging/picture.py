"""What reading an upload yields."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Facts = dict[str, int | float | str]
"""Numbers and words from closed lists (rows, modality, transfer syntax): never text from a header."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One 2D picture; `values` is float32, HxW or HxWx3, in modality units, bright = high."""

    values: NDArray[np.float32]
    facts: Facts
    patient_id: str | None = field(default=None, repr=False)
    """The identifier itself: hash it at once (medloop.rules.pseudonyms), never print or store it."""
