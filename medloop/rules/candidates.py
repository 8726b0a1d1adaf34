"""The images that a dataset version may hold, and why it may leave one out."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from medloop.rules.labels import geometry_text
from medloop.rules.subgroups import noted_in


class Left(StrEnum):
    """Why an image is left out of a dataset version."""

    SUPERSEDED = "superseded"
    WRONG_DIMENSIONS = "wrong_dimensions"
    UNLABELLED = "unlabelled"
    UNMASKED = "unmasked"
    UNKNOWN_CLASS = "unknown_class"
    AMBIGUOUS_LABEL = "ambiguous_label"
    MASK_MISMATCH = "mask_mismatch"
    CONFLICTING_SPLIT = "conflicting_split"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE_ACROSS_SPLIT = "near_duplicate_across_split"


SENTENCES: Final[dict[Left, str]] = {
    Left.SUPERSEDED: "a volume that was made again when more of its series arrived",
    Left.WRONG_DIMENSIONS: "a picture where the project wants volumes, or the other way round",
    Left.UNLABELLED: "no label has come for it yet",
    Left.UNMASKED: "no mask has come for it yet",
    Left.UNKNOWN_CLASS: "its label is no class of the project any more",
    Left.AMBIGUOUS_LABEL: "its label fits other files as well, or says two things: name the whole path",
    Left.MASK_MISMATCH: "its mask has another shape, or lies elsewhere in the patient",
    Left.CONFLICTING_SPLIT: "its patient is asked onto two sides, or off the side it has been on",
    Left.DUPLICATE: "its pixels are there already",
    Left.NEAR_DUPLICATE_ACROSS_SPLIT: "it shows what an image on another side of the split shows",
}


@dataclass(frozen=True)
class Candidate:
    """An accepted image that may be trained on, as the catalogue knows it."""

    id: str
    purpose: Literal["labelled", "images"]
    label: str | None
    """What its folder says."""
    patient_group: str
    content_sha256: str
    array_path: str
    array_sha256: str
    facts: str
    """JSON text."""
    accepted_at: datetime
    array_bytes: int | None = None
    geometry: str | None = None
    """JSON text, see `geometry_text`; None for pictures from before it was kept."""
    source_path: str | None = field(default=None, repr=False)
    dims: int | None = None
    """None for pictures from before volumes were known."""
    fingerprint: str | None = None
    is_slice: bool = False
    """It is part of a series, and goes into a volume."""
    is_superseded: bool = False
    """It is a volume of an earlier version of its series."""

    @property
    def lies(self) -> str | None:
        """Its geometry, wherever it stands."""
        if self.geometry is not None:
            return self.geometry
        facts = json.loads(self.facts)
        is_picture = "rows" in facts and "columns" in facts
        return geometry_text((facts["rows"], facts["columns"])) if is_picture else None

    @property
    def subgroups(self) -> dict[str, str]:
        return noted_in(self.facts)

    @property
    def size(self) -> int:
        """Bytes of its array; what the facts make of it where nobody counted."""
        if self.array_bytes is not None:
            return self.array_bytes
        facts = json.loads(self.facts)
        return 128 + 4 * int(facts.get("rows", 0)) * int(facts.get("columns", 0)) * int(
            facts.get("channels", 1)
        )
