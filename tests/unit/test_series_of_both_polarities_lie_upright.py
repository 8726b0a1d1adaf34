"""GE's epi_pepolar stores what it encoded against the usual direction upside down, and says so privately."""

from typing import Any

import numpy as np
import pytest

from medloop.imaging.dicom.image import read_dicom
from medloop.imaging.volumes import Slice, assemble
from medloop.rules.project import Series
from tests.images import dataset, written
from tests.slices import error_of, field, shuffled

ROWS, COLUMNS, SLICES = 6, 5, 4


def slice_of(moment: int, number: int, mirrored: bool, **changes: Any) -> Slice:
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    place = np.array([-6.0, -20.0, 3.0 * number])
    values = field((place + columns[..., None] * [1.0, 0, 0] + rows[..., None] * [0, 2.0, 0]) * [-1, -1, 1])
    pixels = (values + 500).astype("u2")
    made = dataset(pixels[::-1].copy() if mirrored else pixels)
    made.ImagePositionPatient, made.ImageOrientationPatient = place.tolist(), [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.InPlanePhaseEncodingDirection = [2, 1], "COL"
    made.InstanceNumber = moment * SLICES + number + 1
    made.TemporalPositionIdentifier, made.NumberOfTemporalPositions = moment, 4
    block = made.private_block(0x0019, "GEMS_ACQU_01", create=True)
    block.add_new(0x9C, "LO", changes.get("sequence", "research/ABCD/epi_pepolar"))
    block.add_new(0xB3, "DS", changes.get("order", "0.000000"))
    picture = read_dicom(written(made))
    return Slice(picture.frames[0], lambda: picture.values)


@pytest.mark.parametrize(
    ("order", "mirrored"),
    [
        ("0.000000", ()),
        ("1.000000", (1, 2, 3, 4)),
        ("2.000000", (1, 3)),
        ("3.000000", (2, 4)),
    ],
)
def test_every_moment_lies_where_the_patient_is(order: str, mirrored: tuple[int, ...]) -> None:
    slices = [
        slice_of(moment, number, moment in mirrored, order=order)
        for moment in (1, 2, 3, 4)
        for number in range(SLICES)
    ]
    stacks = assemble(shuffled(slices), Series())
    assert len(stacks) == (2 if 0 < len(mirrored) < 4 else 1)
    for one in stacks:
        assert one.volume is not None
        assert np.linalg.det(one.volume.affine) > 0
        one.volume.values[...] -= 500
        assert error_of(one.volume) < 1e-3


def test_other_sequences_use_the_variable_for_something_else() -> None:
    slices = [slice_of(1, number, False, order="1.000000", sequence="epi") for number in range(SLICES)]
    (made,) = assemble(slices, Series())
    assert made.volume is not None
    made.volume.values[...] -= 500
    assert error_of(made.volume) < 1e-3
