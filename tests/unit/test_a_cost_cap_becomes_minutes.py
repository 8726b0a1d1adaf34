"""What a training may cost becomes the minutes that it may run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medloop.rules.project import Training
from medloop.rules.spending import STARTUP_MINUTES, TooLittleMoney, training_minutes

T4 = 0.7364
"""USD an hour: ml.g4dn.xlarge, on demand."""


def minutes(price: float = T4, **fields: float) -> int:
    return training_minutes(Training.model_validate(fields), price)


def test_without_a_cost_cap_the_clock_decides() -> None:
    assert minutes(max_minutes=90) == 90


@pytest.mark.parametrize(
    ("cost", "instances", "expected"),
    [
        pytest.param(T4, 1, 60 - STARTUP_MINUTES, id="an hour, start-up included"),
        pytest.param(2 * T4, 1, 120 - STARTUP_MINUTES, id="two hours"),
        pytest.param(2 * T4, 2, 60 - STARTUP_MINUTES, id="two machines cost twice as much"),
        pytest.param(1000.0, 1, 240, id="the clock is the smaller cap"),
    ],
)
def test_the_smaller_of_both_caps_counts(cost: float, instances: int, expected: int) -> None:
    assert minutes(max_minutes=240, max_cost_usd=cost, instance_count=instances) == expected


def test_a_cap_that_buys_no_training_is_refused_with_what_would() -> None:
    with pytest.raises(TooLittleMoney, match=r"0\.1 USD do not pay .* 0\.25 USD do"):
        minutes(max_cost_usd=0.1)
    assert minutes(max_cost_usd=0.25) == 5


@given(
    cost=st.floats(0.01, 1000),
    price=st.floats(0.01, 100),
    instances=st.integers(1, 8),
    clock=st.integers(1, 1440),
)
def test_no_job_costs_more_than_its_cap(cost: float, price: float, instances: int, clock: int) -> None:
    try:
        granted = minutes(price, max_cost_usd=cost, instance_count=instances, max_minutes=clock)
    except TooLittleMoney:
        return
    assert 1 <= granted <= clock
    assert (granted + STARTUP_MINUTES) / 60 * price * instances <= cost * (1 + 1e-6)
