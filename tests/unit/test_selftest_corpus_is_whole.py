"""The corpus holds every edge case and every bad input of the test plan, and is the same every time."""

from medloop.rules.reasons import Reason
from medloop.selftest.case import Case, Sample
from medloop.selftest.corpus import corpus
from tests.unit.test_selftest_corpus_holds import CASES

HEAVY = {"B12", "B15", "B34"}
"""Tens of megabytes to make: once is enough."""


def samples(case: Case) -> list[Sample]:
    return list(case.make())


def test_every_edge_case_and_every_bad_input_is_there() -> None:
    wanted = {f"E{number:02d}" for number in range(1, 46)} | {f"B{number:02d}" for number in range(1, 61)}
    assert wanted <= CASES.keys()
    assert {"D06", "D08"} <= CASES.keys()


def test_cases_come_in_order_and_explain_themselves() -> None:
    assert list(corpus()) == sorted(CASES)
    assert all(case.title and case.why.endswith(".") for case in CASES.values())


def test_every_case_has_samples_of_files() -> None:
    for case in CASES.values():
        if case.id not in HEAVY:
            assert all(sample.uploads for sample in samples(case)) and samples(case), case.id


def test_the_files_are_the_same_every_time() -> None:
    for case in CASES.values():
        if case.id not in HEAVY:
            once, again = samples(case), samples(case)
            assert [one.uploads for one in once] == [one.uploads for one in again], case.id


def test_verdicts_are_words_that_the_catalogue_knows() -> None:
    words = {"accepted", "ignored", *(reason.value for reason in Reason)}
    for case in CASES.values():
        if case.id not in HEAVY:
            assert all(set(sample.verdicts.values()) <= words for sample in samples(case)), case.id
            assert all(sample.last <= sample.uploads.keys() for sample in samples(case)), case.id


def test_every_reason_that_a_file_can_have_is_provoked() -> None:
    told = {
        word
        for case in CASES.values()
        if case.id not in HEAVY
        for one in samples(case)
        for word in one.verdicts.values()
    }
    assert told >= {"truncated", "bad_header", "polyglot_preamble", "burned_in_review", "zip_path"}
