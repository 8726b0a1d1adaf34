"""What reading an upload yields: a picture, or a volume that knows where it lies in the patient."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medloop.rules.series import Frame

Facts = dict[str, int | float | str]
"""Numbers and words from closed lists (rows, modality, transfer syntax): never text from a header."""


@dataclass(frozen=True, repr=False)
class Identity:
    """Who and what a file says it is of, as the header spells it; "" where it says nothing.

    Not printable: turn it into pseudonyms at once (medloop.rules.pseudonyms), never log or store it.
    """

    patient_id: str = ""
    study_uid: str = ""
    series_uid: str = ""
    sop_uid: str = ""


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels in modality units, float32, bright = high.

    `values` is HxW or HxWx3; with several frames FxHxW or FxHxWx3 (facts `frames` and `channels` tell).
    """

    values: NDArray[np.float32]
    facts: Facts
    frames: tuple[Frame, ...] = ()
    """DICOM only: where each frame lies, in the order of `values`."""
    identity: Identity = field(default=Identity(), repr=False)


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels in modality units, float32, axes i, j, k (and time) as NIfTI orders them."""

    values: NDArray[np.float32]
    affine: NDArray[np.float64]
    """4x4, voxel indices to millimetres, RAS+ as in NIfTI."""
    facts: Facts
