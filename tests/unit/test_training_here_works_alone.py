"""One run at a time works in a folder; a second one waits, and says so."""

import subprocess
import sys
from pathlib import Path

import pytest

from medloop.workbench.claim import claimed
from medloop.workbench.failures import Unusable
from medloop.workbench.tree import Tree


def test_a_second_run_is_refused_in_the_end(tmp_path: Path) -> None:
    told: list[str] = []
    with (
        claimed(Tree(tmp_path), lambda: told.append("first")),
        pytest.raises(Unusable, match="another run is at work"),
        claimed(Tree(tmp_path), lambda: told.append("second"), patience=0.3),
    ):
        pytest.fail("two at once")
    assert told == ["second"]


def test_a_folder_that_nobody_works_in_is_free(tmp_path: Path) -> None:
    for _ in range(2):
        with claimed(Tree(tmp_path), pytest.fail, patience=0):
            pass


def test_a_process_that_inherits_the_claim_holds_it_until_it_ends(tmp_path: Path) -> None:
    with claimed(Tree(tmp_path), pytest.fail) as claim:
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        heir = subprocess.Popen(command, stdin=claim)
    with pytest.raises(Unusable), claimed(Tree(tmp_path), lambda: None, patience=0):
        pass
    waited: list[str] = []

    def end() -> None:
        waited.append("for it")
        heir.kill()
        heir.wait()

    with claimed(Tree(tmp_path), end):
        assert waited == ["for it"]
