"""What a series of slices is, told by where and when each frame was taken."""

from pydantic import BaseModel, ConfigDict

Vector = tuple[float, float, float]

KINDS = (
    "",
    "localizer",
    "phase",
    "real",
    "imaginary",
    "water",
    "fat",
    "in_phase",
    "opposed_phase",
    "diffusion_coefficient",
    "anisotropy",
    "trace",
    "field_map",
    "projection",
    "derived",
)
"""Pictures of different kinds never share a volume; "" is the usual: intensity, magnitude, attenuation."""


class Frame(BaseModel):
    """One frame's place and occasion: numbers and closed words only, so it may be stored and compared.

    Lengths in millimetres, LPS+ patient coordinates as in DICOM (PS3.3 C.7.6.2.1.1).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: Vector | None = None
    """Centre of the first pixel, ImagePositionPatient."""
    along_row: Vector | None = None
    """Unit vector in which the column index grows: the first three of ImageOrientationPatient."""
    along_column: Vector | None = None
    """Unit vector in which the row index grows."""
    row_mm: float | None = None
    """Between rows: the first of PixelSpacing; None where it is missing or uncalibrated."""
    column_mm: float | None = None
    rows: int = 0
    """Of the frame as it is read, a mosaic's tiles together; 0 where not noted, as for `columns`."""
    columns: int = 0
    channels: int = 1
    thickness_mm: float | None = None
    spacing_between_mm: float | None = None
    """SpacingBetweenSlices as stated; positions are the evidence, this is the fallback."""
    instance: int = 0
    number: int = 0
    """Within its instance, from 0."""
    acquisition: int = 0
    echo: float = 0.0
    """EchoTime in milliseconds, 0 where not stated."""
    b_value: float | None = None
    """Seconds per square millimetre."""
    time: float | None = None
    """Order in time: temporal position, or milliseconds after the trigger, or seconds into the study."""
    kind: str = ""
    """What the pixels are, one of KINDS."""
    mosaic: int = 0
    """How many slices are tiled in this frame; 0 for none."""
    tiles_down: int = 0
    """Mosaic only: how many tiles lie below each other; 0 for as many as side by side."""
    slice_step: Vector | None = None
    """Mosaic only: from one tiled slice to the next, millimetres."""
