"""Sections in one object without functional groups: reconstructed nuclear medicine (PS3.3 C.8.4)."""

import math
from typing import Any, Final

from medloop.imaging.dicom.directions import length_mm, orientation, position
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.frame_kinds import image_type
from medloop.rules.stacks.vectors import cross, plus, times

_DETECTORS, _BETWEEN, _SLICE_VECTOR = 0x00540022, 0x00180088, 0x00540080
_RECONSTRUCTED: Final = {"RECON TOMO", "RECON GATED TOMO"}


def place_sections(file: DicomFile, frames: int) -> list[dict[str, Any]]:
    """Place of each frame; empty where they are not sections, or nothing says how far they are apart.

    The first detector's position is the first section's; the sign of Spacing Between Slices tells to which
    side the others lie (PS3.3 C.8.4.15).
    """
    nowhere: list[dict[str, Any]] = [{} for _ in range(frames)]
    distance = length_mm(file, _BETWEEN)
    detector = next(file.items(_DETECTORS), file)
    directions, first = orientation(detector), position(detector)
    if not _RECONSTRUCTED & set(image_type(file)) or distance is None or directions is None or first is None:
        return nowhere
    numbers = _section_numbers(file, frames)
    step = times(cross(*directions), math.copysign(distance, file.decimals(_BETWEEN)[0]))
    return [
        {
            "position": plus(first, times(step, number)),
            "along_row": directions[0],
            "along_column": directions[1],
        }
        for number in numbers
    ]


def _section_numbers(file: DicomFile, frames: int) -> list[int]:
    """From 0; as the slice vector says, else as they follow each other."""
    content, order = file.content(_SLICE_VECTOR), "big" if file.encoding.big else "little"
    if len(content) != 2 * frames:
        return list(range(frames))
    return [int.from_bytes(content[at : at + 2], order) - 1 for at in range(0, len(content), 2)]  # type: ignore[arg-type]
