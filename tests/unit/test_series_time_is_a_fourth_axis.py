"""What was taken repeatedly at the same places is one volume with the moments in order."""

from typing import Any

import numpy as np
import pytest

from medloop.imaging.volumes import assemble
from medloop.rules.project import Series
from medloop.rules.reasons import Reason
from tests.slices import Slice, shuffled, stack


def run(moments: int, number: Any) -> list[Slice]:
    """Five slices a moment, each moment 100 brighter than the one before; `number` gives a frame's facts."""
    return [
        Slice(one.frame.model_copy(update=number(moment, place)), one.load)
        for moment in range(moments)
        for place, one in enumerate(stack(5, brighter=100.0 * moment))
    ]


ORDERS: dict[str, Any] = {
    "instances, moment by moment": lambda t, z: {"instance": 5 * t + z},
    "instances, place by place": lambda t, z: {"instance": 4 * z + t},
    "temporal positions": lambda t, z: {"time": float(t + 1), "instance": 99 - t},
    "seconds, each slice its own": lambda t, z: {"time": 10.0 * t + 0.3 * z},
    "acquisitions": lambda t, z: {"acquisition": t + 1},
    "frame numbers": lambda t, z: {"number": 5 * t + z},
}


@pytest.mark.parametrize("order", ORDERS)
def test_moments_are_in_order(order: str) -> None:
    (made,) = assemble(shuffled(run(4, ORDERS[order])), Series())
    assert made.volume is not None
    assert made.volume.values.shape[2:] == (5, 4)
    steps = np.diff(made.volume.values, axis=3)
    assert np.allclose(steps, 100, atol=1e-3)
    assert made.facts["times"] == 4


def test_a_moment_that_lacks_a_slice_is_incomplete() -> None:
    slices = run(4, ORDERS["temporal positions"])
    (made,) = assemble(slices[:-1], Series())
    assert made.refusal is not None and made.refusal.reason is Reason.SERIES_INCOMPLETE
    assert made.facts.items() >= {"same_place_min": 3, "same_place_max": 4}.items()


def test_a_run_cut_short_is_accepted_up_to_its_last_whole_moment() -> None:
    slices = run(4, ORDERS["instances, moment by moment"])
    (made,) = assemble(slices[:-2], Series(gaps="accept"))
    assert made.volume is not None and made.volume.values.shape[3] == 3


def test_a_hole_in_the_middle_is_never_filled_up() -> None:
    slices = run(4, ORDERS["instances, moment by moment"])
    del slices[7]
    (made,) = assemble(slices, Series(gaps="accept"))
    assert made.refusal is not None and made.refusal.reason is Reason.SERIES_INCOMPLETE
