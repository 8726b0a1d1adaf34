"""Everything that the results of one prediction are made of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from events.inference import ModelOutput
from medloop.rules.series import Frame

MAKER: Final = "medloop"


EXPECTED: Final = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
)
"""Empty where nothing is known, but there (type 2 of PS3.3 C.7.1.1 and C.7.2.1); many files lack some."""


def completed(header: Dataset) -> Dataset:
    """The header, in which objects that refer to it find what every object has."""
    for name in EXPECTED:
        if name not in header:
            setattr(header, name, "")
    return header


@dataclass(frozen=True, eq=False)
class Source:
    """One DICOM file that the image was read from, without its identifiers."""

    header: Dataset
    frames: tuple[Frame, ...]
    """Where each of its frames lies."""


@dataclass(frozen=True, eq=False)
class Subject:
    prediction: str
    """Its id: names of results are made of it, so that writing twice writes the same."""
    answer: ModelOutput
    structures: tuple[str, ...]
    """Of a segmentation: what the values 1, 2, … of `labels` mean."""
    values: NDArray[np.float32]
    """The image: rows x columns (x 3), or i, j, k as NIfTI orders them."""
    affine: NDArray[np.float64] | None
    """Of a volume: voxel indices to millimetres, RAS+."""
    facts: dict[str, int | float | str]
    """Of the image, as its intake found them."""
    labels: NDArray[np.uint8] | None
    """Of a segmentation, in the shape of the image."""
    sources: Sequence[Source]
    """None where the image was not DICOM."""
    answered_at: datetime

    def uid(self, what: str) -> str:
        """Of a part of the results; the same whenever it is asked for (PS3.5 B.2)."""
        digest = hashlib.sha256(f"{self.prediction}\0{what}".encode()).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"

    @property
    def named(self) -> tuple[str, ...]:
        """Classes that the answer's label names."""
        label, known = self.answer.label, self.answer.probabilities
        return (label,) if label in known else tuple(one for one in label.split(" | ") if one in known)

    @property
    def found(self) -> tuple[str, ...]:
        """Structures that the answer shows somewhere."""
        if self.labels is None:
            return ()
        shown = np.bincount(self.labels.ravel(), minlength=len(self.structures) + 1)[1:]
        return tuple(name for name, count in zip(self.structures, shown, strict=False) if count)
