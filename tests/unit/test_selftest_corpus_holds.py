"""Every case of the corpus ends as it must: this is `medloop selftest`, case by case."""

import pytest

from medloop.selftest.corpus import corpus
from medloop.selftest.outcome import Outcome
from medloop.selftest.run import run

CASES = corpus()


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return {outcome.id: outcome for outcome in run(CASES.values())}


@pytest.mark.parametrize("id", CASES)
def test_a_case_ends_as_expected(outcomes: dict[str, Outcome], id: str) -> None:
    assert outcomes[id].surprises == ()
