"""When a series may be assembled although nobody said that it is complete."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from medloop.rules.quiet import LOST_AFTER, Silence, is_in_flight, wait_until

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
QUIET = timedelta(minutes=5)


def test_after_the_quiet_period_it_may_be_assembled() -> None:
    assert wait_until(Silence(NOON - QUIET, in_flight=0), QUIET, NOON) is None


def test_an_arrival_meanwhile_pushes_it_back() -> None:
    last = NOON - timedelta(minutes=2)
    assert wait_until(Silence(last, in_flight=0), QUIET, NOON) == last + QUIET


def test_nothing_is_assembled_while_slices_are_on_their_way() -> None:
    assert wait_until(Silence(NOON - timedelta(days=1), in_flight=1), QUIET, NOON) == NOON + QUIET


def test_what_is_undecided_for_an_hour_is_waited_for_no_longer() -> None:
    assert is_in_flight(NOON - LOST_AFTER + timedelta(seconds=1), NOON)
    assert not is_in_flight(NOON - LOST_AFTER, NOON)


@given(
    ago=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=2)),
    quiet=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=1)),
    in_flight=st.integers(0, 3),
)
def test_the_next_look_lies_ahead(ago: timedelta, quiet: timedelta, in_flight: int) -> None:
    """A schedule in the past would never fire, or at once and for ever."""
    until = wait_until(Silence(NOON - ago, in_flight), quiet, NOON)
    assert until is None or NOON < until <= NOON + quiet
