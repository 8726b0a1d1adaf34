"""An interval without width is no certainty: what so few patients may hide is said, and counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.evaluation import Interval
from medloop.rules.gate import honest, judge, told_honestly, unseen
from medloop.rules.project import Gate
from tests.evaluations import against, evaluation, scores

PERFECT, EQUAL = Interval(low=1, high=1), Interval(low=0, high=0)

ends = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted)
intervals = ends.map(lambda both: Interval(low=both[0], high=both[1]))
numbers = st.integers(1, 5000)


@pytest.mark.parametrize(("patients", "share"), [(1, 0.95), (10, 0.2589), (59, 0.0495), (149, 0.0199)])
def test_what_may_go_unseen_is_the_exact_bound(patients: int, share: float) -> None:
    assert unseen(patients) == pytest.approx(share, abs=5e-5)


@given(numbers)
def test_what_may_go_unseen_is_missed_once_in_twenty(patients: int) -> None:
    assert (1 - unseen(patients)) ** patients == pytest.approx(0.05)
    assert unseen(patients) <= 3 / patients


def test_nobody_shows_nothing() -> None:
    assert unseen(0) == 1


@pytest.mark.parametrize(("patients", "low"), [(5, 0.5493), (25, 0.8871), (300, 0.9901)])
def test_a_perfect_score_is_as_certain_as_its_patients_are_many(patients: int, low: float) -> None:
    likely = honest(PERFECT, patients, least=0.0)
    assert likely.low == pytest.approx(low, abs=5e-5)
    assert likely.high == 1


def test_no_difference_seen_is_a_difference_of_what_may_be_hidden() -> None:
    assert honest(EQUAL, 25) == Interval(low=-unseen(25), high=unseen(25))


def test_a_bootstrap_of_many_patients_who_differ_stays() -> None:
    assert honest(Interval(low=-0.001, high=0.002), 10) == Interval(low=-0.001, high=0.002)
    assert honest(Interval(low=-0.001, high=0.002), 9).low < -0.28


@given(intervals, numbers)
def test_an_honest_interval_holds_the_other(interval: Interval, patients: int) -> None:
    likely = honest(interval, patients)
    assert likely.low <= interval.low <= interval.high <= likely.high


@given(intervals, numbers, numbers)
def test_more_patients_never_widen_an_interval(interval: Interval, one: int, other: int) -> None:
    few, many = (honest(interval, patients) for patients in sorted((one, other)))
    assert few.low <= many.low <= many.high <= few.high


@given(st.floats(0, 1), numbers)
def test_a_score_stays_one(value: float, patients: int) -> None:
    likely = honest(Interval(low=value, high=value), patients, least=0.0)
    assert 0 <= likely.low <= likely.high <= 1


def test_two_perfect_models_on_few_patients_may_change_places_and_the_sentence_says_what_was_not_seen() -> (
    None
):
    equal = against(0, 0, challenger=scores(1), champion=scores(1), test_items=25, test_patients=25)
    verdict = judge(equal, Gate(), 1)
    assert verdict.promote
    assert verdict.reason == (
        "not inferior: accuracy 1.0000 against 1.0000 of version 1 on 25 patients, difference -0.1129 to "
        "+0.1129, margin 0.0200, though a loss in 11.3% of patients could go unseen"
    )


def test_many_patients_leave_nothing_to_add() -> None:
    reason = judge(against(0, 0, test_patients=149), Gate(), 1).reason
    assert reason.endswith("difference -0.0199 to +0.0199, margin 0.0200")


def test_images_of_very_few_patients_are_no_evidence() -> None:
    verdict = judge(against(0, 0, test_items=400, test_patients=9), Gate(), 1)
    assert not verdict.promote
    assert "9 patients are too few, 10 needed" in verdict.reason


def test_a_margin_as_wide_as_what_may_be_hidden_asks_for_no_more_patients() -> None:
    assert judge(against(0, 0, test_patients=9), Gate(margin=0.3), 1).promote


def test_the_first_models_sentence_widens_its_interval() -> None:
    first = evaluation(1, test_items=20, test_patients=20, challenger=scores(1, interval=PERFECT))
    assert judge(first, Gate(), None).reason == (
        "accuracy 1.0000, 95 % interval 0.8609 to 1.0000, on 20 test items of 20 patients, baseline 0.5000; "
        "no champion yet"
    )


def test_people_are_told_the_intervals_that_the_gate_reads() -> None:
    perfect = evaluation(challenger=scores(1.0, interval=PERFECT))
    told = told_honestly(perfect)
    assert told.challenger.interval == honest(PERFECT, perfect.test_patients, least=0.0) != PERFECT
    assert told.challenger.value == 1.0
