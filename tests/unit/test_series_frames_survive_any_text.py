"""Whatever stands where place and time are read from, a frame is numbers, words of a list, or nothing."""

import math
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword

from medloop.imaging.dicom.image import read_dicom
from medloop.imaging.volumes import Slice, assemble
from medloop.rules.project import Series
from medloop.rules.series import KINDS
from tests.images import dataset, ramp, written

READ: Final = (
    "ImageType",
    "ComplexImageComponent",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SliceThickness",
    "SpacingBetweenSlices",
    "EchoTime",
    "InstanceNumber",
    "AcquisitionNumber",
    "DiffusionBValue",
    "TemporalPositionIdentifier",
    "NumberOfTemporalPositions",
    "TriggerTime",
    "StudyDate",
    "StudyTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "AcquisitionDateTime",
)
"""Keywords of classic headers."""

WORDS: Final = [
    "",
    "MOSAIC",
    "DERIVED",
    "nan",
    "inf",
    "1e999",
    "-0",
    "20240229",
    "235959.999",
    "1\\0\\0\\0\\1\\0",
]

text = st.one_of(
    st.sampled_from(WORDS),
    st.text("0123456789.", min_size=3, max_size=8),
    st.text("0123456789.+-:\\eE nai", max_size=24),
)


def header(values: dict[str, str]) -> bytes:
    """Stored as free text, so that nothing stands between a value and its reader."""
    made = dataset(ramp())
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None
        made.add_new(tag, "LO", value)
    return written(made)


def numbers(found: Any) -> list[float]:
    """All that are in it, however deep."""
    if isinstance(found, dict | list | tuple):
        inner = found.values() if isinstance(found, dict) else found
        return [number for one in inner for number in numbers(one)]
    return [found] if isinstance(found, int | float) else []


@settings(max_examples=300, deadline=None)
@given(values=st.dictionaries(st.sampled_from(READ), text, max_size=6))
def test_frames_hold_finite_numbers_and_known_words(values: dict[str, str]) -> None:
    picture = read_dicom(header(values))
    (frame,) = picture.frames
    assert frame.kind in KINDS
    assert all(math.isfinite(number) for number in numbers(frame.model_dump()))
    assert all(
        length is None or 0 < length < 1e6
        for length in (frame.row_mm, frame.column_mm, frame.thickness_mm, frame.spacing_between_mm)
    )
    (made,) = assemble([Slice(frame, lambda: picture.values)], Series())
    assert made.refusal is not None
