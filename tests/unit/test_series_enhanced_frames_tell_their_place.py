"""Enhanced objects say in nested groups what belongs to all frames and what to each."""

from typing import Any

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medloop.imaging.dicom.image import read_dicom
from medloop.imaging.picture import Picture
from medloop.imaging.volumes import Slice, assemble
from medloop.rules.project import Series
from tests.images import dataset, ramp, written


def item(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def group(name: str, **elements: Any) -> dict[str, Sequence]:
    return {name: Sequence([item(**elements)])}


def at(height: float, **more: Any) -> Dataset:
    return item(**group("PlanePositionSequence", ImagePositionPatient=[0, 0, height]), **more)


def enhanced(*per_frame: Dataset, syntax: str = uid.ExplicitVRLittleEndian, **changes: Any) -> Picture:
    frames = np.stack([ramp(8, 6) + 3 * number for number in range(len(per_frame))])
    shared = item(
        **group("PixelMeasuresSequence", PixelSpacing=[2, 1], SliceThickness=3, SpacingBetweenSlices=3),
        **group("PlaneOrientationSequence", ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
    )
    made = dataset(
        frames[0],
        SOPClassUID=uid.EnhancedMRImageStorage,
        NumberOfFrames=len(frames),
        PixelData=frames.tobytes(),
        SharedFunctionalGroupsSequence=Sequence([shared]),
        PerFrameFunctionalGroupsSequence=Sequence(list(per_frame)),
        **changes,
    )
    return read_dicom(written(made, syntax))


def shapes(picture: Picture) -> list[tuple[int, ...]]:
    slices = [
        Slice(frame, lambda number=number: picture.values[number])  # type: ignore[misc]
        for number, frame in enumerate(picture.frames)
    ]
    stacks = assemble(slices, Series())
    return [stack.volume.values.shape for stack in stacks if stack.volume is not None]


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_shared_and_own_groups_are_read(syntax: str) -> None:
    picture = enhanced(at(0), at(6), at(3), syntax=syntax)
    assert [frame.position for frame in picture.frames] == [(0, 0, 0), (0, 0, 6), (0, 0, 3)]
    first = picture.frames[0]
    assert (first.row_mm, first.column_mm, first.thickness_mm, first.spacing_between_mm) == (2, 1, 3, 3)
    assert first.along_column == (0.0, 1.0, 0.0)
    assert shapes(picture) == [(6, 8, 3)]


def test_a_frames_own_group_counts_more_than_the_shared_one() -> None:
    own = group("PixelMeasuresSequence", PixelSpacing=[4, 4])
    assert [frame.row_mm for frame in enhanced(at(0), at(3, **own)).frames] == [2.0, 4.0]


def test_temporal_positions_make_a_fourth_axis() -> None:
    frames = [
        at(3.0 * place, **group("FrameContentSequence", TemporalPositionIndex=moment, StackID="1"))
        for place in range(3)
        for moment in (2, 1)
    ]
    picture = enhanced(*frames)
    assert [frame.time for frame in picture.frames][:2] == [2.0, 1.0]
    assert shapes(picture) == [(6, 8, 3, 2)]


def test_diffusion_and_echoes_split() -> None:
    frames = [
        at(
            3.0 * place,
            **group("MRDiffusionSequence", DiffusionBValue=value, DiffusionDirectionality="DIRECTIONAL"),
            **group("MREchoSequence", EffectiveEchoTime=echo),
        )
        for place in range(2)
        for value, echo in ((0.0, 60.0), (1000.0, 60.0), (0.0, 90.0))
    ]
    picture = enhanced(*frames)
    assert [(frame.b_value, frame.echo) for frame in picture.frames][:3] == [(0, 60), (1000, 60), (0, 90)]
    assert shapes(picture) == [(6, 8, 2)] * 3


def test_frame_types_tell_what_the_pixels_are() -> None:
    kinds = ("MAGNITUDE", "PHASE", "REAL", "IMAGINARY")
    frames = [at(0, **group("MRImageFrameTypeSequence", ComplexImageComponent=kind)) for kind in kinds]
    trace = at(0, **group("MRDiffusionSequence", DiffusionDirectionality="ISOTROPIC", DiffusionBValue=9.0))
    picture = enhanced(*frames, trace)
    assert [frame.kind for frame in picture.frames] == ["", "phase", "real", "imaginary", "trace"]


@pytest.mark.parametrize(
    ("words", "component", "kind"),
    [
        (["ORIGINAL", "PRIMARY", "T1", "FIELD_MAP"], "REAL", "field_map"),
        (["DERIVED", "PRIMARY", "T1", "NONE"], "PHASE", "phase"),
        (["DERIVED", "PRIMARY", "T1", "NONE"], "MAGNITUDE", "derived"),
        (["ORIGINAL", "PRIMARY", "T1", "NONE"], "MIXED", ""),
    ],
)
def test_the_frame_type_says_more_than_the_component(words: list[str], component: str, kind: str) -> None:
    said = group("MRImageFrameTypeSequence", FrameType=words, ComplexImageComponent=component)
    assert [frame.kind for frame in enhanced(at(0, **said), at(3, **said)).frames] == [kind] * 2


def test_frame_times_count_from_the_study() -> None:
    when = group(
        "FrameContentSequence", FrameAcquisitionDateTime="20240229101605.25", FrameAcquisitionNumber=4
    )
    (frame, _) = enhanced(at(0, **when), at(3), StudyDate="20240229", StudyTime="101500").frames
    assert (frame.time, frame.acquisition) == (65.25, 4)


def test_fewer_groups_than_frames_leave_the_rest_without_a_place() -> None:
    picture = enhanced(at(0), at(3), at(6))
    assert len(picture.frames) == 3
    shortened = enhanced(at(0), item(), at(6))
    assert [frame.position is None for frame in shortened.frames] == [False, True, False]


def test_an_empty_sequence_does_not_hide_a_classic_slice() -> None:
    made = dataset(
        ramp(),
        PerFrameFunctionalGroupsSequence=Sequence([]),
        ImagePositionPatient=[0, 0, 1],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
    )
    (frame,) = read_dicom(written(made)).frames
    assert frame.position == (0.0, 0.0, 1.0)
