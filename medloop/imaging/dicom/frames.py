"""Where and when each frame of a DICOM object was taken."""

from typing import Any

from medloop.imaging.dicom.binary import whole
from medloop.imaging.dicom.diffusion import b_value
from medloop.imaging.dicom.directions import is_length, length_mm, orientation, position
from medloop.imaging.dicom.file import DicomFile
from medloop.imaging.dicom.frame_kinds import image_kind, image_type
from medloop.imaging.dicom.functional_groups import PER_FRAME, read_groups
from medloop.imaging.dicom.header import Header
from medloop.imaging.dicom.moments import moment_of
from medloop.imaging.dicom.mosaic import WORDS, place_tiles
from medloop.imaging.dicom.polarity import is_mirrored, turned_back
from medloop.imaging.dicom.reconstructions import place_sections
from medloop.imaging.dicom.spacing import read_spacing
from medloop.rules.series import Frame

_THICKNESS, _BETWEEN, _ECHO_TIME = 0x00180050, 0x00180088, 0x00180081
_INSTANCE, _ACQUISITION = 0x00200013, 0x00200012


def read_frames(file: DicomFile, header: Header) -> tuple[Frame, ...]:
    """As many as the header states, in the order of the pixels; what a file does not say stays empty.

    Classic objects say it once (PS3.3 C.7.6.2), enhanced ones in functional groups (C.7.6.16), nuclear
    medicine by detector (C.8.4.9); Siemens and United Imaging tile all slices of a moment into one frame.
    """
    shared = _of_instance(file, header)
    if header.frames == 1 and WORDS & set(image_type(file)):
        return (Frame(**(shared | place_tiles(file, shared))),)
    if PER_FRAME in file.elements:
        groups = read_groups(file, header.frames)
        if any(groups):
            shared["kind"] = ""
            return tuple(Frame(**(shared | own | {"number": n})) for n, own in enumerate(groups))
    if header.frames == 1:
        plane = _of_plane(file)
        if plane and is_mirrored(file):
            plane = turned_back(plane, header.rows, shared["row_mm"])
        return (Frame(**(shared | plane)),)
    sections = place_sections(file, header.frames)
    return tuple(Frame(**(shared | own | {"number": n})) for n, own in enumerate(sections))


def _of_instance(file: DicomFile, header: Header) -> dict[str, Any]:
    """What is said at the top, of all frames."""
    row_mm, column_mm = _pixel_size(file)
    return {
        "row_mm": row_mm,
        "column_mm": column_mm,
        "rows": header.rows,
        "columns": header.columns,
        "channels": header.channels,
        "thickness_mm": length_mm(file, _THICKNESS),
        "spacing_between_mm": length_mm(file, _BETWEEN),
        "instance": whole(file, _INSTANCE),
        "acquisition": whole(file, _ACQUISITION),
        "echo": max(0.0, next(iter(file.decimals(_ECHO_TIME)), 0.0)),
        "b_value": b_value(file),
        "time": moment_of(file),
        "kind": image_kind(file),
    }


def _pixel_size(file: DicomFile) -> tuple[float, float] | tuple[None, None]:
    """Between rows and between columns, in the patient."""
    spacing = read_spacing(file)
    if spacing["spacing"] != "calibrated":
        return None, None
    size = float(spacing["row_mm"]), float(spacing["column_mm"])
    return size if all(map(is_length, size)) else (None, None)


def _of_plane(file: DicomFile) -> dict[str, Any]:
    directions = orientation(file)
    point = position(file)
    if directions is None or point is None:
        return {}
    return {"position": point, "along_row": directions[0], "along_column": directions[1]}
