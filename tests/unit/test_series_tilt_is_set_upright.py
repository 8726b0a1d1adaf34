"""Leaning stacks are sheared upright, or refused where the project wants that."""

import numpy as np
import pytest

from medloop.imaging.volumes import assemble
from medloop.rules.project import Series
from medloop.rules.reasons import Reason
from medloop.rules.series import Vector
from tests.slices import COLUMNS, ROWS, Slice, field, stack


@pytest.mark.parametrize("step", [(0.0, 1.0, 3.0), (0.0, -0.7, 3.0), (0.9, 0.4, 2.0)])
def test_voxels_show_what_lies_at_their_place(step: Vector) -> None:
    (made,) = assemble(stack(5, step), Series())
    assert made.volume is not None
    values, affine = made.volume.values, made.volume.affine
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    assert np.allclose(axes.T @ axes, np.eye(3))
    indices = np.moveaxis(np.indices(values.shape), 0, -1)
    expected = field(indices @ affine[:3, :3].T + affine[:3, 3])
    right = np.abs(values - expected) < 1e-3
    # Beyond its own edge a slice has nothing to show, within it everything is right.
    assert right.sum() >= 5 * (COLUMNS - 1) * (ROWS - 1)
    assert values.min() >= min(one.load().min() for one in stack(5, step))


def test_the_canvas_holds_every_slice() -> None:
    (made,) = assemble(stack(7, (0.0, 1.0, 3.0)), Series())
    assert made.volume is not None
    assert made.volume.values.shape == (COLUMNS, ROWS + 3, 7)
    assert made.facts["tilt_degrees"] == pytest.approx(18.435, abs=1e-3)


def test_the_project_may_refuse_it() -> None:
    (made,) = assemble(stack(5, (0.0, 1.0, 3.0)), Series(tilt="refuse"))
    assert made.refusal is not None and made.refusal.reason is Reason.SERIES_TILTED


def test_a_hair_of_tilt_stays_in_the_affine() -> None:
    (made,) = assemble(stack(5, (0.0, 0.02, 3.0)), Series(tilt="refuse"))
    assert made.volume is not None
    assert made.volume.affine[1, 2] == pytest.approx(-0.02)


def test_moments_of_a_leaning_stack_are_all_set_upright() -> None:
    slices = [
        Slice(one.frame.model_copy(update={"time": float(moment)}), one.load)
        for moment in range(2)
        for one in stack(5, (0.0, 1.0, 3.0), brighter=100.0 * moment)
    ]
    (made,) = assemble(slices, Series())
    assert made.volume is not None and made.volume.values.shape == (COLUMNS, ROWS + 2, 5, 2)
