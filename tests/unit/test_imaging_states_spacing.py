"""Millimetres are stated with how they were measured, and never invented."""

from typing import Any

import pytest

from medloop.imaging.read import read_image
from tests.images import dicom, ramp


@pytest.mark.parametrize(
    ("header", "facts"),
    [
        ({"PixelSpacing": [0.5, 0.25]}, {"spacing": "calibrated", "row_mm": 0.5, "column_mm": 0.25}),
        ({"ImagerPixelSpacing": [0.1, 0.1]}, {"spacing": "uncalibrated", "row_mm": 0.1, "column_mm": 0.1}),
        (
            {"PixelSpacing": [0.5, 0.5], "ImagerPixelSpacing": [0.1, 0.1]},
            {"spacing": "calibrated", "row_mm": 0.5, "column_mm": 0.5},
        ),
        ({"PixelSpacing": [0, 0]}, {"spacing": "unknown"}),
        ({}, {"spacing": "unknown"}),
    ],
)
def test_spacing(header: dict[str, Any], facts: dict[str, Any]) -> None:
    read = read_image(dicom(ramp(), **header)).facts
    assert {name: read[name] for name in read if name in {"spacing", "row_mm", "column_mm"}} == facts


def test_a_ct_without_rescale_is_marked() -> None:
    assert read_image(dicom(ramp(), Modality="CT")).facts["deviations"] == "rescale_missing"
    assert "deviations" not in read_image(dicom(ramp(), Modality="CT", RescaleSlope="1")).facts
