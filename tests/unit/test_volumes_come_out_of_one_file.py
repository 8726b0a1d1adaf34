"""Objects that hold a whole stack, enhanced or nuclear medicine, become volumes like single slices do."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from benchmarks.volumes import stacks_of
from medloop.imaging.volumes import Stack
from medloop.rules.reasons import Reason
from tests.images import dataset, written
from tests.slices import error_of, field

ROWS, COLUMNS, SLICES = 8, 6, 4
FIRST = np.array([-6.0, -8.0, 10.0])
BRIGHT = 600
"""So that the field's values are positive integers."""


def item(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def group(name: str, **elements: Any) -> dict[str, Sequence]:
    return {name: Sequence([item(**elements)])}


def plane(height: float, brighter: int = 0) -> NDArray[np.uint16]:
    """Axial, pixels of 2 x 2 mm."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    lps = FIRST + [0, 0, height] + columns[..., None] * [2.0, 0, 0] + rows[..., None] * [0, 2.0, 0]
    return (field(lps * [-1, -1, 1]) + BRIGHT + brighter).astype("u2")


def multiframe(planes: list[NDArray[np.uint16]], **changes: Any) -> bytes:
    frames = np.stack(planes)
    return written(dataset(frames[0], NumberOfFrames=len(frames), PixelData=frames.tobytes(), **changes))


def assembled(folder: Path, *files: bytes) -> list[Stack]:
    for number, content in enumerate(files):
        (folder / f"{number}.dcm").write_bytes(content)
    return stacks_of(folder)


def enhanced(heights: list[float], moment: int = 1, **changes: Any) -> bytes:
    shared = item(
        **group("PixelMeasuresSequence", PixelSpacing=[2, 2], SliceThickness=3),
        **group("PlaneOrientationSequence", ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
    )
    own = [
        item(
            **group("PlanePositionSequence", ImagePositionPatient=(FIRST + [0, 0, height]).tolist()),
            **group("FrameContentSequence", TemporalPositionIndex=moment),
        )
        for height in heights
    ]
    return multiframe(
        [plane(height, 100 * moment) for height in heights],
        SOPClassUID=uid.EnhancedMRImageStorage,
        SharedFunctionalGroupsSequence=Sequence([shared]),
        PerFrameFunctionalGroupsSequence=Sequence(own),
        SeriesInstanceUID="1.2.3",
        **changes,
    )


def nuclear(planes: list[NDArray[np.uint16]], **changes: Any) -> bytes:
    detector = item(ImagePositionPatient=FIRST.tolist(), ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    given = {
        "SOPClassUID": uid.NuclearMedicineImageStorage,
        "Modality": "NM",
        "ImageType": ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"],
        "PixelSpacing": [2, 2],
        "SpacingBetweenSlices": 3,
        "DetectorInformationSequence": Sequence([detector]),
    }
    return multiframe(planes, **(given | changes))


def error_beyond(stack: Stack, brighter: int) -> float:
    assert stack.volume is not None
    stack.volume.values[...] -= brighter
    return error_of(stack.volume)


def test_frames_in_any_order_lie_at_their_place(tmp_path: Path) -> None:
    (made,) = assembled(tmp_path, enhanced([6, 0, 9, 3]))
    assert made.volume is not None and made.volume.values.shape == (COLUMNS, ROWS, SLICES)
    assert error_beyond(made, BRIGHT + 100) < 1e-3


def test_moments_may_come_in_files_of_their_own(tmp_path: Path) -> None:
    (made,) = assembled(tmp_path, enhanced([0, 3, 6], moment=2), enhanced([0, 3, 6], moment=1))
    assert made.volume is not None and made.volume.values.shape == (COLUMNS, ROWS, 3, 2)
    assert np.all(np.diff(made.volume.values, axis=3) == 100)


def test_two_stacks_of_one_object_are_two_volumes(tmp_path: Path) -> None:
    axial, sagittal = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1]
    places = [(axial, [0, 0, 0]), (sagittal, [0, 0, 50]), (axial, [0, 0, 3]), (sagittal, [3, 0, 50])]
    own = [
        item(
            **group("PlanePositionSequence", ImagePositionPatient=place),
            **group("PlaneOrientationSequence", ImageOrientationPatient=directions),
        )
        for directions, place in places
    ]
    measures = group("PixelMeasuresSequence", PixelSpacing=[2, 2])
    content = multiframe(
        [plane(0)] * len(places),
        SOPClassUID=uid.EnhancedMRImageStorage,
        SharedFunctionalGroupsSequence=Sequence([item(**measures)]),
        PerFrameFunctionalGroupsSequence=Sequence(own),
    )
    stacks = assembled(tmp_path, content)
    assert [stack.volume is not None and stack.volume.values.shape for stack in stacks] == [(6, 8, 2)] * 2


def test_sections_of_nuclear_medicine_stack_towards_the_sign_of_their_spacing(tmp_path: Path) -> None:
    for sign in (1, -1):
        folder = tmp_path / str(sign)
        folder.mkdir()
        planes = [plane(3.0 * sign * number) for number in range(SLICES)]
        (made,) = assembled(folder, nuclear(planes, SpacingBetweenSlices=3 * sign))
        assert made.volume is not None and np.linalg.det(made.volume.affine) > 0
        assert error_beyond(made, BRIGHT) < 1e-3


def test_a_gated_examination_has_a_fourth_axis(tmp_path: Path) -> None:
    planes = [plane(3.0 * number, 50 * gate) for gate in range(3) for number in range(SLICES)]
    vectors = list(range(1, SLICES + 1)) * 3
    (made,) = assembled(
        tmp_path,
        nuclear(
            planes, ImageType=["ORIGINAL", "PRIMARY", "RECON GATED TOMO", "EMISSION"], SliceVector=vectors
        ),
    )
    assert made.volume is not None and made.volume.values.shape == (COLUMNS, ROWS, SLICES, 3)
    assert np.all(np.diff(made.volume.values, axis=3) == 50)


def test_projections_and_sections_of_unknown_distance_have_no_place(tmp_path: Path) -> None:
    planes = [plane(0.0), plane(3.0)]
    for name, changes in (
        ("projections", {"ImageType": ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]}),
        ("unknown", {"SpacingBetweenSlices": ""}),
    ):
        (tmp_path / name).mkdir()
        (made,) = assembled(tmp_path / name, nuclear(planes, **changes))
        assert made.refusal is not None and made.refusal.reason is Reason.SERIES_NO_GEOMETRY
