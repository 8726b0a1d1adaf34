"""What must hold of the gate whatever the numbers are."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.evaluation import Evaluation, Interval, Subgroup
from medloop.rules.gate import judge
from medloop.rules.project import Gate
from tests.evaluations import against, scores

share = st.floats(0, 1)
loss = st.floats(0, 0.2)
likely = st.tuples(st.floats(-0.1, 0.1), st.floats(0, 0.1)).map(
    lambda p: Interval(low=p[0], high=p[0] + p[1])
)

gates = st.builds(
    Gate,
    minimum_score=share,
    margin=st.floats(0, 0.2),
    minimum_test_items=st.integers(1, 60),
    subgroup_margin=st.floats(0, 0.2),
    beat_baseline=st.booleans(),
    maximum_calibration_error=st.none() | share,
)
subgroups = st.builds(
    Subgroup,
    attribute=st.sampled_from(["sex", "site"]),
    value=st.text(max_size=5),
    items=st.integers(1, 90),
    patients=st.integers(1, 60),
    challenger=share,
    interval=likely,
    champion=share,
    difference=st.none() | likely,
)


@st.composite
def evaluations(draw: st.DrawFn) -> Evaluation:
    return against(
        challenger=scores(draw(share), calibration_error=draw(share)),
        baseline=scores(draw(share)),
        difference=draw(likely),
        test_items=draw(st.integers(0, 200)),
        test_patients=draw(st.integers(0, 200)),
        subgroups=tuple(draw(st.lists(subgroups, max_size=4))),
    )


def lower(interval: Interval, by: float) -> Interval:
    return Interval(low=max(-1, interval.low - by), high=max(-1, interval.high - by))


def worse_in(group: Subgroup, by: float) -> Subgroup:
    difference = None if group.difference is None else lower(group.difference, by)
    return group.model_copy(update={"difference": difference, "challenger": max(0, group.challenger - by)})


def worse(of: Evaluation, draw: Any) -> Evaluation:
    """Somewhat worse in each number, or as it was."""
    assert of.difference is not None and of.challenger.calibration_error is not None
    return of.model_copy(
        update={
            "challenger": scores(
                max(0.0, of.challenger.value - draw(loss)),
                calibration_error=min(1.0, of.challenger.calibration_error + draw(loss)),
            ),
            "baseline": scores(min(1.0, of.baseline.value + draw(loss))),
            "difference": lower(of.difference, draw(loss)),
            "test_items": of.test_items - draw(st.integers(0, of.test_items)),
            "test_patients": of.test_patients - draw(st.integers(0, of.test_patients)),
            "subgroups": tuple(worse_in(group, draw(loss)) for group in of.subgroups),
        }
    )


@given(evaluations(), gates, st.data())
def test_worse_numbers_never_turn_a_refusal_into_a_promotion(
    evidence: Evaluation, gate: Gate, data: st.DataObject
) -> None:
    poorer = worse(evidence, data.draw)
    for champion in (None, 1):
        assert judge(poorer, gate, champion).promote <= judge(evidence, gate, champion).promote


@given(evaluations(), gates, st.data())
def test_a_stricter_gate_never_promotes_more(evidence: Evaluation, gate: Gate, data: st.DataObject) -> None:
    stricter = gate.model_copy(
        update={
            "minimum_score": min(1.0, gate.minimum_score + data.draw(loss)),
            "margin": max(0.0, gate.margin - data.draw(loss)),
            "subgroup_margin": max(0.0, gate.subgroup_margin - data.draw(loss)),
            "minimum_test_items": gate.minimum_test_items + data.draw(st.integers(0, 50)),
            "minimum_subgroup_items": data.draw(st.integers(1, gate.minimum_subgroup_items)),
            "minimum_subgroup_patients": data.draw(st.integers(1, gate.minimum_subgroup_patients)),
            "beat_baseline": True,
        }
    )
    assert judge(evidence, stricter, 1).promote <= judge(evidence, gate, 1).promote


@given(evaluations(), gates, st.randoms())
def test_the_order_of_subgroups_changes_nothing(evidence: Evaluation, gate: Gate, chance: Any) -> None:
    shuffled = chance.sample(evidence.subgroups, len(evidence.subgroups))
    other = evidence.model_copy(update={"subgroups": tuple(shuffled)})
    assert judge(other, gate, 1) == judge(evidence, gate, 1)


@given(evaluations(), gates, st.sampled_from([None, 1, 2]))
def test_every_verdict_is_one_line_with_a_number(
    evidence: Evaluation, gate: Gate, champion: int | None
) -> None:
    reason = judge(evidence, gate, champion).reason
    assert reason.isprintable()
    assert any(character.isdigit() for character in reason)
