"""Scores and their intervals mean what they say."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.evaluate import (
    bootstrap_interval,
    confusion,
    digest_of_ids,
    paired_difference,
    score,
)

answers = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=25
)
CLASSES = ("a", "b", "c")


def columns(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    truth, first, second = (np.array(column) for column in zip(*rows, strict=True))
    return truth, first, second, [str(number // 2) for number in range(len(rows))]


@settings(max_examples=25, deadline=None)
@given(answers)
def test_an_interval_is_ordered_and_lies_in_the_range_of_accuracies(rows: list[tuple[int, int, int]]) -> None:
    truth, predicted, _, groups = columns(rows)
    scores = score(truth, predicted, groups, CLASSES)
    assert 0 <= scores.accuracy_interval.low <= scores.accuracy_interval.high <= 1


@settings(max_examples=25, deadline=None)
@given(answers)
def test_swapping_the_models_mirrors_the_difference(rows: list[tuple[int, int, int]]) -> None:
    truth, first, second, groups = columns(rows)
    there = paired_difference(truth, first, second, groups)
    back = paired_difference(truth, second, first, groups)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@settings(max_examples=25, deadline=None)
@given(answers)
def test_equal_answers_differ_by_nothing(rows: list[tuple[int, int, int]]) -> None:
    truth, first, _, groups = columns(rows)
    difference = paired_difference(truth, first, first, groups)
    assert (difference.low, difference.high) == (0, 0)


def test_the_interval_is_that_of_the_binomial_when_every_image_is_its_own_patient() -> None:
    values = np.repeat([1.0, 0.0], [80, 20])
    interval = bootstrap_interval(values, [str(number) for number in range(100)])
    assert (interval.low, interval.high) == (pytest.approx(0.72, abs=0.015), pytest.approx(0.88, abs=0.015))


def test_ten_images_of_each_patient_promise_no_more_than_one() -> None:
    correct = np.array([1.0] * 8 + [0.0] * 2)
    patients = [str(number) for number in range(10)]
    alone = bootstrap_interval(correct, patients)
    repeated = bootstrap_interval(np.repeat(correct, 10), np.repeat(patients, 10).tolist())
    assert (repeated.low, repeated.high) == pytest.approx((alone.low, alone.high))


def test_balanced_accuracy_is_the_mean_recall_of_classes_with_test_images() -> None:
    truth, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    scores = score(truth, predicted, list("wxyz"), CLASSES)
    assert scores.accuracy == 0.75
    assert scores.per_class == {"a": 1.0, "b": 0.0}
    assert scores.balanced_accuracy == 0.5


def test_confusion_has_truth_in_rows() -> None:
    assert confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2) == ((1, 1), (0, 1))


def test_the_digest_names_the_set_of_images_not_their_order() -> None:
    assert digest_of_ids(["b", "a"]) == hashlib.sha256(b"a\nb").hexdigest()
