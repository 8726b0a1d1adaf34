"""Everything at once, in small: `make soak` is the same with ten thousand objects."""

import pytest

from benchmarks.soak import Weather, soak
from benchmarks.stage import Stage
from local.faults import Faults
from tests.faults.conftest import scaled

pytestmark = pytest.mark.cloud


def test_nothing_is_lost_and_nothing_done_twice(stage: Stage, faults: Faults) -> None:
    weather = Weather(
        objects=scaled(80),
        poison=0.03,
        hang_rate=0.0005,
        outages=(("s3", 4.0), ("postgresql", 4.0)),
        timeout=8,
        retried_after=12,
        patience=180.0,
    )
    outcome = soak(stage, faults, weather)
    assert outcome.is_clean, outcome
    assert outcome.faults >= 10 * weather.objects, outcome.injected
