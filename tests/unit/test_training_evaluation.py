"""Scores and their intervals mean what they say."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from training.answers import (
    ClassAnswers,
    Indices,
    LabelAnswers,
    MaskAnswers,
    difference,
    digest_of_ids,
    interval,
    scores_of,
    subgroups,
)
from training.ranking import auroc, calibration_error

answers = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=25
)
CLASSES = ("a", "b", "c")


def said(truth: Indices, predicted: Indices, groups: Sequence[str]) -> ClassAnswers:
    """Answers given as class indices; -1 is a class that the project does not have."""
    return ClassAnswers(groups, CLASSES, truth, np.eye(len(CLASSES) + 1)[predicted])


def columns(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    truth, first, second = (np.array(column) for column in zip(*rows, strict=True))
    return truth, first, second, [str(number // 2) for number in range(len(rows))]


@settings(max_examples=25, deadline=None)
@given(answers)
def test_an_interval_is_ordered_and_lies_in_the_range_of_accuracies(rows: list[tuple[int, int, int]]) -> None:
    truth, predicted, _, groups = columns(rows)
    scores = scores_of(said(truth, predicted, groups))
    assert 0 <= scores.interval.low <= scores.interval.high <= 1


@settings(max_examples=25, deadline=None)
@given(answers)
def test_swapping_the_models_mirrors_the_difference(rows: list[tuple[int, int, int]]) -> None:
    truth, first, second, groups = columns(rows)
    one, other = said(truth, first, groups), said(truth, second, groups)
    there, back = difference(one, other), difference(other, one)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@settings(max_examples=25, deadline=None)
@given(answers)
def test_equal_answers_differ_by_nothing(rows: list[tuple[int, int, int]]) -> None:
    truth, first, _, groups = columns(rows)
    apart = difference(said(truth, first, groups), said(truth, first, groups))
    assert (apart.low, apart.high) == (0, 0)


def of_values(values: Sequence[float], patients: Sequence[str]) -> MaskAnswers:
    return MaskAnswers(patients, ("only",), np.array(values, dtype=float)[:, None])


def test_the_interval_is_that_of_the_binomial_when_every_image_is_its_own_patient() -> None:
    found = interval([of_values([1.0] * 80 + [0.0] * 20, [str(number) for number in range(100)])])
    assert (found.low, found.high) == (pytest.approx(0.72, abs=0.015), pytest.approx(0.88, abs=0.015))


def test_ten_images_of_each_patient_promise_no_more_than_one() -> None:
    values, patients = [1.0] * 8 + [0.0] * 2, [str(number) for number in range(10)]
    alone = interval([of_values(values, patients)])
    repeated = interval([of_values(np.repeat(values, 10).tolist(), np.repeat(patients, 10).tolist())])
    assert (repeated.low, repeated.high) == pytest.approx((alone.low, alone.high))


def test_balanced_accuracy_is_the_mean_recall_of_classes_with_test_images() -> None:
    scores = scores_of(said(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0]), list("wxyz")))
    assert scores.value == 0.75
    assert scores.per_class == {"a": 1.0, "b": 0.0}
    assert scores.further["balanced accuracy"] == 0.5


def test_confusion_has_truth_in_rows_and_leaves_out_answers_of_other_classes() -> None:
    found = said(np.array([0, 0, 1, 2]), np.array([0, 1, 1, -1]), list("wxyz")).confusion()
    assert found == ((1, 1, 0), (0, 1, 0), (0, 0, 0))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=2, max_size=30))
def test_the_area_under_the_curve_is_scikit_learns(rows: list[tuple[float, bool]]) -> None:
    confidence, wanted = (np.array(column) for column in zip(*rows, strict=True))
    found = auroc(confidence, wanted)
    if wanted.all() or not wanted.any():
        assert found is None
    else:
        assert found == pytest.approx(roc_auc_score(wanted, confidence))


def test_a_weight_of_two_counts_an_image_twice() -> None:
    confidence, wanted = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    twice = auroc(np.append(confidence, 0.35), np.append(wanted, True))
    assert auroc(confidence, wanted, np.array([1.0, 1, 2, 1])) == pytest.approx(twice)


def test_confidence_that_is_right_as_often_as_it_says_is_calibrated() -> None:
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 8) == pytest.approx(0)
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 3) == pytest.approx(0.5)


def test_a_class_without_examples_on_both_sides_does_not_count_for_multi_label() -> None:
    truth = np.array([[1, 0, 0], [0, 0, 1.0]])
    sure = np.array([[0.9, 0.5, 0.2], [0.1, 0.5, 0.1]])
    found = LabelAnswers(list("xy"), CLASSES, truth, sure, sure > 0.5)
    assert found.value() == 0.5
    assert found.per_class() == {"a": 1.0, "c": 0.0}


def test_a_structure_that_is_neither_there_nor_found_does_not_count() -> None:
    found = MaskAnswers(list("xyz"), ("a", "b"), np.array([[0.8, np.nan], [0.6, 0.0], [np.nan, np.nan]]))
    assert found.per_image.tolist() == [0.8, 0.3, 1.0]
    assert found.per_class() == {"a": pytest.approx(0.7), "b": 0.0}


def test_subgroups_are_measured_on_their_own_images() -> None:
    truth = np.array([0, 0, 1, 1])
    one = said(truth, np.array([0, 0, 0, 0]), list("wwyz"))
    other = said(truth, truth, list("wwyz"))
    found = subgroups(one, other, [{"site": "north"}, {"site": "north"}, {"site": "south", "sex": "F"}, {}])
    assert [(group.attribute, group.value, group.items, group.patients) for group in found] == [
        ("sex", "F", 1, 1),
        ("site", "north", 2, 1),
        ("site", "south", 1, 1),
    ]
    assert [(group.challenger, group.champion) for group in found] == [(0, 1), (1, 1), (0, 1)]
    assert found[0].difference is not None and found[0].difference.high == -1


def test_the_digest_names_the_set_of_images_not_their_order() -> None:
    assert digest_of_ids(["b", "a"]) == hashlib.sha256(b"a\nb").hexdigest()
