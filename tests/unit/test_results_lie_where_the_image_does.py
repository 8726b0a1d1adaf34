"""A region written as DICOM Segmentation and read back by others lies within half a voxel of where it was."""

import io
from collections.abc import Sequence

import highdicom
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread

from medloop.results.forms import Form, forms
from tests.results import (
    AXIAL,
    COLUMN_MM,
    FLIPPED,
    OBLIQUE,
    ROW_MM,
    SAGITTAL,
    STEP_MM,
    centre_of,
    depth_in,
    enhanced,
    series,
    step_of,
    subject_of,
)

CASES = {
    "axial": (series(AXIAL), centre_of(AXIAL, step_of(AXIAL))),
    "flipped": (series(FLIPPED), centre_of(FLIPPED, step_of(FLIPPED))),
    "sagittal": (series(SAGITTAL), centre_of(SAGITTAL, step_of(SAGITTAL))),
    "oblique": (series(OBLIQUE), centre_of(OBLIQUE, step_of(OBLIQUE))),
    "tilted": (series(AXIAL, (0.0, 0.8, 0.0)), centre_of(AXIAL, step_of(AXIAL, (0.0, 0.8, 0.0)))),
    "enhanced": (enhanced(AXIAL), centre_of(AXIAL, step_of(AXIAL))),
    "enhanced oblique": (enhanced(OBLIQUE), centre_of(OBLIQUE, step_of(OBLIQUE))),
}

HALF = np.sqrt(ROW_MM**2 + COLUMN_MM**2 + STEP_MM**2) / 2
"""A voxel's centre may be this far from what belongs to it."""


def written(name: str) -> bytes:
    files, centre = CASES[name]

    def inside(points: NDArray[np.float64]) -> NDArray[np.uint8]:
        depth = depth_in(points, centre)
        return np.where(depth < 0.55, 1, np.where(depth < 1, 2, 0)).astype(np.uint8)

    subject = subject_of(files, inside)
    (found,) = (one for one in forms(subject) if isinstance(one, Form) and one.kind == "dicom-seg")
    return found.content


def distance_to(
    points: NDArray[np.float64], centre: NDArray[np.float64], scale: float
) -> NDArray[np.float64]:
    """Millimetres, at least, from the surface of the scaled ellipsoid: negative inside."""
    return (depth_in(points, centre) - scale) * 11.0


@pytest.mark.parametrize("name", CASES)
def test_pixel_by_pixel_as_pydicom_reads_it(name: str) -> None:
    _, centre = CASES[name]
    found = dcmread(io.BytesIO(written(name)))
    frames = found.pixel_array.reshape(-1, found.Rows, found.Columns)
    shared = found.SharedFunctionalGroupsSequence[0]
    assert len(frames) == len(found.PerFrameFunctionalGroupsSequence)
    for frame, group in zip(frames, found.PerFrameFunctionalGroupsSequence, strict=True):
        number = int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        points = places_of(group, shared, frame.shape)
        outer = distance_to(points, centre, 0.55 if number == 1 else 1.0)
        inner = -distance_to(points, centre, 0.55) if number == 2 else np.full(frame.shape, -np.inf)
        # Beyond half a voxel of a surface there is no doubt.
        assert frame[(outer < -HALF) & (inner < -HALF)].all()
        assert not frame[(outer > HALF) | (inner > HALF)].any()


def places_of(group: object, shared: object, shape: Sequence[int]) -> NDArray[np.float64]:
    """LPS+ millimetres of a frame's pixels, by its functional groups (PS3.3 C.7.6.2.1.1)."""

    def told(sequence: str, keyword: str) -> NDArray[np.float64]:
        holder = group if sequence in group else shared  # type: ignore[operator]
        return np.array(holder[sequence].value[0][keyword].value, float)  # type: ignore[index]

    position = told("PlanePositionSequence", "ImagePositionPatient")
    directions = told("PlaneOrientationSequence", "ImageOrientationPatient")
    row_mm, column_mm = told("PixelMeasuresSequence", "PixelSpacing")
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    across = columns[..., None] * column_mm * directions[:3]
    down = rows[..., None] * row_mm * directions[3:]
    return np.asarray(position + across + down)


@pytest.mark.parametrize("name", [name for name in CASES if name != "tilted"])
def test_as_a_volume_as_highdicom_reads_it(name: str) -> None:
    _, centre = CASES[name]
    found = highdicom.seg.segread(io.BytesIO(written(name)))
    volume = found.get_volume(combine_segments=True)
    indices = np.moveaxis(np.indices(volume.spatial_shape), 0, -1)
    points = indices @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    outer, inner = distance_to(points, centre, 1.0), distance_to(points, centre, 0.55)
    assert (volume.array[inner < -HALF] == 1).all()
    assert (volume.array[(inner > HALF) & (outer < -HALF)] == 2).all()
    assert (volume.array[outer > HALF] == 0).all()


@pytest.mark.parametrize("name", CASES)
def test_every_frame_refers_to_the_image_it_lies_on(name: str) -> None:
    files, centre = CASES[name]
    subject = subject_of(files, lambda points: (depth_in(points, centre) < 1).astype(np.uint8))
    (content,) = (one.content for one in forms(subject) if isinstance(one, Form) and one.kind == "dicom-seg")
    found = dcmread(io.BytesIO(content))
    known = {str(source.header.SOPInstanceUID): source for source in subject.sources}
    for group in found.PerFrameFunctionalGroupsSequence:
        place = [float(value) for value in group.PlanePositionSequence[0].ImagePositionPatient]
        (reference,) = group.DerivationImageSequence[0].SourceImageSequence
        source = known[str(reference.ReferencedSOPInstanceUID)]
        number = int(reference.get("ReferencedFrameNumber", 1)) - 1
        assert np.allclose(place, source.frames[number].position, atol=1e-4)
