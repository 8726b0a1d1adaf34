"""An image unlike everything in training is answered, and the answer says what is unusual about it."""

import numpy as np
import pytest

from training.data.arrays import Scan
from training.data.known import Known

VOLUMES = Known(
    spacing=((0.9, 1.1), (0.9, 1.1), (2.0, 3.0)), extent=((100.0, 120.0), (100.0, 120.0), (60.0, 90.0))
)
PICTURES = Known(spacing=(), extent=((512.0, 512.0), (400.0, 600.0)))


def volume(shape: tuple[int, int, int], *spacing: float) -> Scan:
    return Scan(np.zeros((1, *shape), np.float32), np.diag([*spacing, 1.0]))


def test_nothing_is_said_of_the_usual() -> None:
    assert VOLUMES.warnings(volume((110, 110, 30), 1.0, 1.0, 2.5)) == ()
    assert PICTURES.warnings(Scan(np.zeros((1, 512, 500), np.float32))) == ()


def test_a_coarser_spacing_is_named_with_its_axis_and_the_range() -> None:
    assert VOLUMES.warnings(volume((110, 110, 16), 1.0, 1.0, 5.0)) == (
        "spacing from feet to head of 5 mm is outside the training range, 2 to 3 mm",
    )


def test_axes_are_told_by_the_patient_not_by_the_file() -> None:
    lying = Scan(
        np.zeros((1, 16, 110, 110), np.float32),
        np.array([[0, 1.0, 0, 0], [0, 0, 1.0, 0], [5.0, 0, 0, 0], [0, 0, 0, 1.0]]),
    )
    (said,) = VOLUMES.warnings(lying)
    assert said.startswith("spacing from feet to head of 5 mm")


def test_a_small_field_of_view_is_named() -> None:
    (said,) = VOLUMES.warnings(volume((50, 110, 30), 1.0, 1.0, 2.5))
    assert said == "size from right to left of 50 mm is outside the training range, 100 to 120 mm"


@pytest.mark.parametrize(("side", "warned"), [(500, False), (470, False), (440, True), (600, True)])
def test_a_tenth_beyond_the_range_is_let_pass(side: int, warned: bool) -> None:
    said = PICTURES.warnings(Scan(np.zeros((1, side, 500), np.float32)))
    assert bool(said) is warned
    assert all(one.endswith("is outside the training range, 512 pixels") for one in said)
