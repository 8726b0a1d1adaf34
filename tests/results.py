"""Series of made-up slices through an ellipsoid, read as the intake reads them, and answers about them."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from events.inference import ModelOutput
from medloop.deidentify.dicom import deidentify_dicom
from medloop.imaging.dicom.file import open_dicom
from medloop.imaging.dicom.image import read_dicom
from medloop.imaging.picture import Volume
from medloop.imaging.volumes import Slice, assemble
from medloop.results.subject import Source, Subject, completed
from medloop.rules.project import Deidentification, Series
from medloop.rules.pseudonyms import Pseudonyms
from tests.images import dataset, written

ROOT = "1.2.826.0.1.3680043.9999"
ROWS, COLUMNS, COUNT = 40, 48, 16
ROW_MM, COLUMN_MM, STEP_MM = 1.5, 1.25, 2.5
NAMES = Pseudonyms(bytes(range(32)), "knees")
RADII = np.array([14.0, 17.0, 11.0])
Directions = tuple[tuple[float, float, float], tuple[float, float, float]]

AXIAL: Directions = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
FLIPPED: Directions = ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
SAGITTAL: Directions = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
_ANGLE = np.deg2rad(25)
OBLIQUE: Directions = (
    (float(np.cos(_ANGLE)), float(np.sin(_ANGLE)), 0.0),
    (float(-np.sin(_ANGLE) * 0.8), float(np.cos(_ANGLE) * 0.8), 0.6),
)


def centre_of(directions: Directions, step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the stack, LPS+ millimetres: where the ellipsoid lies."""
    across, down = (np.array(one) for one in directions)
    return (
        across * COLUMN_MM * (COLUMNS - 1) + down * ROW_MM * (ROWS - 1) + step * (COUNT - 1)
    ) / 2 + np.array([-30.0, 20.0, 7.0])


def depth_in(points: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Below 1 inside the ellipsoid; points in LPS+ millimetres along the last axis."""
    return np.sqrt((((points - centre) / RADII) ** 2).sum(-1))


def step_of(directions: Directions, lean: Sequence[float] = (0.0, 0.0, 0.0)) -> NDArray[np.float64]:
    across, down = (np.array(one) for one in directions)
    return np.cross(across, down) * STEP_MM + np.array(lean)


def places(directions: Directions, lean: Sequence[float] = (0.0, 0.0, 0.0)) -> list[NDArray[np.float64]]:
    return [np.array([-30.0, 20.0, 7.0]) + step_of(directions, lean) * number for number in range(COUNT)]


def pixels(position: NDArray[np.float64], directions: Directions) -> NDArray[np.float64]:
    """LPS+ millimetres of every pixel [row, column, 3]."""
    across, down = (np.array(one) for one in directions)
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    return position + columns[..., None] * COLUMN_MM * across + rows[..., None] * ROW_MM * down


def series(directions: Directions = AXIAL, lean: Sequence[float] = (0.0, 0.0, 0.0)) -> list[bytes]:
    """One file for each slice."""
    centre = centre_of(directions, step_of(directions, lean))
    return [
        written(
            _named(
                dataset(_shades(position, directions, centre)),
                SOPClassUID=uid.CTImageStorage,
                Modality="CT",
                SOPInstanceUID=f"{ROOT}.1.1.{number + 1}",
                InstanceNumber=number + 1,
                ImagePositionPatient=_short(*position),
                ImageOrientationPatient=_short(*directions[0], *directions[1]),
                PixelSpacing=[ROW_MM, COLUMN_MM],
                SliceThickness=STEP_MM,
            )
        )
        for number, position in enumerate(places(directions, lean))
    ]


def enhanced(directions: Directions = AXIAL) -> list[bytes]:
    """All slices in one file, not in the order in which they lie."""
    order = [*range(0, COUNT, 2), *range(1, COUNT, 2)]
    centre = centre_of(directions, step_of(directions))
    lying = places(directions)
    frames = np.stack([_shades(lying[number], directions, centre) for number in order])
    shared = _item(
        PixelMeasuresSequence=_items(PixelSpacing=[ROW_MM, COLUMN_MM], SliceThickness=STEP_MM),
        PlaneOrientationSequence=_items(ImageOrientationPatient=_short(*directions[0], *directions[1])),
    )
    each = [
        _item(
            PlanePositionSequence=_items(ImagePositionPatient=_short(*lying[number])),
            FrameContentSequence=_items(StackID="1", InStackPositionNumber=number + 1),
        )
        for number in order
    ]
    made = _named(
        dataset(frames[0]),
        SOPClassUID=uid.EnhancedMRImageStorage,
        Modality="MR",
        SOPInstanceUID=f"{ROOT}.1.1.1",
        NumberOfFrames=len(frames),
        PixelData=frames.tobytes(),
        SharedFunctionalGroupsSequence=Items([shared]),
        PerFrameFunctionalGroupsSequence=Items(each),
    )
    return [written(made)]


def radiograph() -> list[bytes]:
    """A picture that says nothing of where it lies."""
    made = _named(
        dataset(_shades(places(AXIAL)[8], AXIAL, centre_of(AXIAL, step_of(AXIAL)))),
        SOPClassUID=uid.DigitalXRayImageStorageForPresentation,
        Modality="DX",
        SOPInstanceUID=f"{ROOT}.1.1.1",
    )
    del made.FrameOfReferenceUID
    return [written(made)]


def _shades(
    position: NDArray[np.float64], directions: Directions, centre: NDArray[np.float64]
) -> NDArray[np.uint16]:
    inside = depth_in(pixels(position, directions), centre)
    return (2000 * np.exp(-(inside**2))).astype(np.uint16)


def _named(made: Dataset, **elements: Any) -> Dataset:
    told = {
        "PatientName": "FICTION^Nora",
        "PatientID": "FICTION-1",
        "PatientBirthDate": "19620713",
        "PatientSex": "F",
        "StudyInstanceUID": f"{ROOT}.1",
        "SeriesInstanceUID": f"{ROOT}.1.1",
        "FrameOfReferenceUID": f"{ROOT}.1.9",
        "StudyDate": "20240229",
        "StudyTime": "101500",
        "AccessionNumber": "A-77",
        "StudyID": "1",
        "SeriesNumber": 4,
    }
    for keyword, value in {**told, **elements}.items():
        setattr(made, keyword, value)
    return made


def _short(*values: float) -> list[float]:
    """As a decimal string holds them: 16 characters."""
    return [round(float(value), 10) for value in values]


def _item(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def _items(**elements: Any) -> Items:
    return Items([_item(**elements)])


def sources_of(files: Sequence[bytes]) -> list[Source]:
    """As they lie in the curated bucket, in an order of their own."""
    found = []
    for content in files:
        clean = deidentify_dicom(open_dicom(content), Deidentification(), NAMES).content
        header = completed(dcmread(io.BytesIO(clean), stop_before_pixels=True))
        found.append(Source(header, read_dicom(content).frames))
    return found


def volume_of(files: Sequence[bytes]) -> Volume:
    slices = [
        Slice(frame, partial(_shown, picture.values, number, len(picture.frames)))
        for picture in map(read_dicom, files)
        for number, frame in enumerate(picture.frames)
    ]
    (stack,) = assemble(slices, Series())
    assert stack.volume is not None, stack.facts
    return stack.volume


def _shown(values: NDArray[np.float32], number: int, frames: int) -> NDArray[np.float32]:
    return values[number] if frames > 1 else values


def subject_of(files: Sequence[bytes], inside: Callable[[NDArray[np.float64]], NDArray[np.uint8]]) -> Subject:
    """A model that sees every voxel as `inside` says of its place in LPS+ millimetres."""
    volume = volume_of(files)
    indices = np.moveaxis(np.indices(volume.values.shape), 0, -1)
    ras = indices @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    labels = inside(ras * [-1, -1, 1])
    unit = abs(float(np.linalg.det(volume.affine[:3, :3]))) / 1000
    volumes = {"core": float((labels == 1).sum()) * unit, "shell": float((labels == 2).sum()) * unit}
    return Subject(
        prediction="5" * 32,
        answer=answer(task="segmentation", label="core | shell", volumes=volumes),
        structures=("core", "shell"),
        values=volume.values,
        affine=volume.affine,
        facts=volume.facts,
        labels=labels,
        sources=sources_of(files),
        answered_at=datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC),
    )


def answer(**told: Any) -> ModelOutput:
    known: dict[str, Any] = {
        "project": "knees",
        "model_version": 3,
        "label": "sick",
        "confidence": 0.83,
        "input_sha256": "a" * 64,
        "seconds": 0.2,
    }
    return ModelOutput.model_validate(known | told)
