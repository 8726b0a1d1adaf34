"""What a folder holds, before it is decided which side each image is on."""

from dataclasses import dataclass, field

from events.dataset import Split
from medloop.workbench.spool import Place


@dataclass(frozen=True)
class Stored:
    """An encoded image or mask, waiting in a spool."""

    id: str
    """An ImageId: of the path and the bytes."""
    path: str = field(repr=False)
    """Relative to the folder, for its owner alone."""
    place: Place
    ending: str
    """.npy or .nii.gz"""
    sha256: str
    """Of the encoded bytes."""
    content: str
    """SHA-256 of the file that it was read from."""
    geometry: str = ""
    patient: str = field(default="", repr=False)
    """A pseudonym; "" where the file tells of none."""
    marks: tuple[int, ...] = ()
    """Of a mask: the values above 0 that it has."""


@dataclass(frozen=True)
class Example:
    image: Stored
    labels: tuple[str, ...] = ()
    side: Split | None = None
    """As the folder or a table asks for; None where nobody does."""
    mask: Stored | None = None
    line: int = 0
    """Of the table that says the label."""
    source: str | None = None
    """An ImageId: what says the label; None where it is the image's own folder."""

    @property
    def group(self) -> str:
        """Never on two sides: the patient, else whatever has the same pixels."""
        return self.image.patient or f"content-{self.image.sha256[:32]}"

    @property
    def shows(self) -> tuple[str, ...]:
        """What every side should have some of: classes, or the structures in the mask."""
        return self.labels if self.mask is None else tuple(str(mark) for mark in self.mask.marks)


@dataclass(frozen=True)
class LeftOut:
    """One line of left-out.jsonl: a file that is not trained on."""

    path: str
    reason: str
