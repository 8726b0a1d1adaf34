"""Slices that arrive in any order make the same volume, every voxel at its place."""

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from medloop.imaging.volumes import assemble
from medloop.rules.project import Series
from medloop.rules.series import Vector
from tests.slices import COLUMNS, ROWS, SAGITTAL, error_of, shuffled, slice_at, stack

OBLIQUE = ((0.8, 0.36, 0.48), (-0.6, 0.48, 0.64))


def test_shuffled_slices_make_the_same_volume() -> None:
    (expected,) = assemble(stack(), Series())
    (found,) = assemble(shuffled(stack()), Series())
    assert expected.volume is not None and found.volume is not None
    assert np.array_equal(found.volume.values, expected.volume.values)
    assert np.array_equal(found.volume.affine, expected.volume.affine)
    assert found.facts == expected.facts


def test_axes_are_columns_rows_slices() -> None:
    (made,) = assemble(stack(7), Series())
    assert made.volume is not None
    assert made.volume.values.shape == (COLUMNS, ROWS, 7)
    assert made.volume.values.dtype == np.float32
    assert made.volume.affine.tolist() == [[-1.5, 0, 0, 12], [0, -2, 0, 20], [0, 0, 3, 5], [0, 0, 0, 1]]


def test_slices_numbered_downwards_are_turned_round() -> None:
    (made,) = assemble(stack(step=(0.0, 0.0, -3.0)), Series())
    assert made.volume is not None
    assert np.linalg.det(made.volume.affine) > 0
    assert error_of(made.volume) < 1e-3


def test_a_sagittal_and_an_oblique_stack_lie_right() -> None:
    normal = tuple(np.cross(*OBLIQUE).tolist())
    for slices in (
        stack(step=(2.0, 0.0, 0.0), directions=SAGITTAL),
        stack(step=normal, directions=OBLIQUE),
    ):
        (made,) = assemble(slices, Series())
        assert made.volume is not None
        assert error_of(made.volume) < 1e-3


def test_facts_say_what_was_made() -> None:
    (made,) = assemble(stack(acquisition=2, echo=30.0), Series())
    assert made.facts == {
        "format": "series",
        "columns": COLUMNS,
        "rows": ROWS,
        "slices": 6,
        "times": 1,
        "channels": 1,
        "spacing": "calibrated",
        "gap_mm": 3.0,
        "frames": 6,
        "acquisition": 2,
        "echo_ms": 30.0,
    }


def turned(angles: tuple[float, float, float]) -> tuple[Vector, Vector, Vector]:
    """An orthonormal basis: along a row, along a column, their normal."""
    a, b, c = angles
    about_z = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    about_y = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(c), -math.sin(c)], [0, math.sin(c), math.cos(c)]])
    basis = about_z @ about_y @ about_x
    row, column, normal = (tuple(basis[:, axis].tolist()) for axis in range(3))
    return row, column, normal  # type: ignore[return-value]


angle = st.floats(-math.pi, math.pi)
length = st.floats(0.3, 8.0)
place = st.floats(-300.0, 300.0)


@settings(max_examples=60, deadline=None)
@given(
    angles=st.tuples(angle, angle, angle),
    spacing=st.tuples(length, length, length),
    first=st.tuples(place, place, place),
    seed=st.integers(0, 99),
)
def test_every_voxel_lies_where_its_slice_said(
    angles: tuple[float, float, float], spacing: tuple[float, float, float], first: Vector, seed: int
) -> None:
    row, column, normal = turned(angles)
    given: dict[str, Any] = {"row_mm": spacing[0], "column_mm": spacing[1]}
    step = tuple(spacing[2] * part for part in normal)
    slices = stack(4, step, first, directions=(row, column), **given)  # type: ignore[arg-type]
    (made,) = assemble(shuffled(slices, seed), Series())
    assert made.volume is not None
    for number, one in enumerate(slices):
        assert one.frame.position is not None
        for i, j in ((0, 0), (COLUMNS - 1, 0), (0, ROWS - 1), (COLUMNS - 1, ROWS - 1)):
            across, down = i * spacing[1] * np.array(row), j * spacing[0] * np.array(column)
            said = (np.array(one.frame.position) + across + down) * [-1, -1, 1]
            k = round(float((np.linalg.inv(made.volume.affine) @ [*said, 1])[2]))
            lies = (made.volume.affine @ [i, j, k, 1])[:3]
            assert np.abs(lies - said).max() < 1e-3
            assert made.volume.values[i, j, k] == one.load()[j, i]
        assert k == number


def test_slices_of_unknown_size_are_measured() -> None:
    one = slice_at((0.0, 0.0, 0.0))
    assert (one.frame.rows, one.frame.columns) == (0, 0)
    (made,) = assemble([one, slice_at((0.0, 0.0, 1.0))], Series())
    assert made.volume is not None and made.volume.values.shape == (COLUMNS, ROWS, 2)
