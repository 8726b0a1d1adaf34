"""metrics.json says when a target was reached and how sure a score is; half a result is none."""

import json
from pathlib import Path

import pytest

from events.evaluation import Interval
from medloop.workbench.results import interval_of, read_evaluation, seconds_to
from medloop.workbench.tree import Tree
from medloop.workbench.writing import write_whole
from tests.evaluations import evaluation, scores
from tests.homely import write

HISTORY = [{"seconds": 2.0, "validation_score": 0.6}, {"seconds": 4.5, "validation_score": 0.9}]


@pytest.mark.parametrize(
    ("target", "seconds"), [(None, None), (0.6, 2.0), (0.7, 4.5), (0.9, 4.5), (0.95, None)]
)
def test_a_target_is_reached_by_the_first_epoch_that_is_as_good(
    target: float | None, seconds: float | None
) -> None:
    assert seconds_to(target, HISTORY) == seconds


def test_a_perfect_score_on_few_patients_is_no_certainty() -> None:
    perfect = scores(1.0, interval=Interval(low=1.0, high=1.0))
    likely = interval_of(perfect, patients=20)
    assert (round(likely.low, 3), likely.high) == (0.861, 1.0)


@pytest.mark.parametrize("missing", ["evaluation.json", "history.json"])
@pytest.mark.parametrize("how", ["gone", "cut short"])
def test_half_a_result_is_none(tmp_path: Path, missing: str, how: str) -> None:
    tree = Tree(tmp_path)
    write(tree.results / "evaluation.json", evaluation().model_dump_json())
    write(tree.results / "history.json", json.dumps(HISTORY))
    assert read_evaluation(tree) is not None
    file = tree.results / missing
    file.unlink() if how == "gone" else file.write_bytes(file.read_bytes()[:20])
    assert read_evaluation(tree) is None


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    file = write(tmp_path / "told.json", "before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(file, "now \ud800")
    assert file.read_text() == "before"
    write_whole(file, "now")
    assert file.read_text() == "now"
