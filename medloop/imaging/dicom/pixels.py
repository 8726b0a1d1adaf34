"""All frames of a DICOM object as one array in modality units."""

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.header import PALETTE, Header
from medloop.imaging.dicom.lookup import palette_to_rgb
from medloop.imaging.dicom.modality import modality_transforms
from medloop.imaging.dicom.stored import stored_frames


def read_pixels(file: DicomFile, header: Header, deviations: set[str]) -> NDArray[np.float32]:
    """HxW or HxWx3, with several frames FxHxW or FxHxWx3; what was tolerated is added to `deviations`.

    Raises:
        Refused: see medloop.imaging.dicom.stored and .modality.
    """
    values = np.empty(_shape(header), dtype=np.float32)
    frames = stored_frames(file, header, deviations)
    if header.photometric == PALETTE:
        for stored, target in zip(frames, values, strict=True):
            target[...] = palette_to_rgb(stored, file, header.signed)
    elif header.samples == 3:
        for stored, target in zip(frames, values, strict=True):
            target[...] = stored
    else:
        transforms = modality_transforms(file, header)
        for stored, transform, target in zip(frames, transforms, values, strict=True):
            transform(stored, target)
    return values[0] if header.frames == 1 else values


def _shape(header: Header) -> tuple[int, ...]:
    picture = (header.frames, header.rows, header.columns)
    return (*picture, 3) if header.channels == 3 else picture
