"""`medloop selftest` lists, chooses, keeps the files, tells people and scripts, exits by what it found."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from medloop.cli.main import app
from medloop.selftest.corpus import corpus
from medloop.selftest.evidence import page
from medloop.selftest.outcome import Outcome


def selftest(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["selftest", *(str(word) for word in words)])


def test_a_list_shows_every_case_without_running_any() -> None:
    shown = selftest("--list").stdout
    assert all(id in shown for id in corpus())


def test_cases_are_chosen_by_id_and_by_topic() -> None:
    result = selftest("--only", "B01", "--only", "keys", "--json")
    ids = {json.loads(line)["id"] for line in result.stdout.splitlines()}
    assert ids == {"B01", "E44", "B42", "B43", "B44", "B45", "B46", "B47", "B48"}
    assert result.exit_code == 0


def test_an_unknown_case_is_an_error_with_a_remedy() -> None:
    result = selftest("--only", "Z99")
    assert result.exit_code == 1
    assert "--list" in result.stderr


def test_people_see_what_was_expected_and_what_came() -> None:
    result = selftest("--only", "B01")
    assert result.exit_code == 0
    assert "empty" in result.stdout and "1 of 1 as expected" in result.stdout


def test_the_files_can_be_kept(tmp_path: Path) -> None:
    assert selftest("--only", "B47", "--only", "B01", "--out", tmp_path).exit_code == 0
    expected = json.loads((tmp_path / "expected.json").read_text())
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {"expected.json", *(entry["file"] for entry in expected)}
    assert {entry["verdict"] for entry in expected} == {"accepted", "misplaced", "empty"}


def test_the_page_tells_of_every_case(tmp_path: Path) -> None:
    assert selftest("--only", "B01", "--evidence", tmp_path / "page.md").exit_code == 0
    text = (tmp_path / "page.md").read_text()
    assert "| B01 | **Empty file.**" in text and "1 of 1 cases as expected, 2 files" in text
    assert "pydicom 3" in text


def test_the_page_hides_no_surprise() -> None:
    bad = Outcome("B01", "empty", "accepted", ("expected empty, got accepted",), 0.1, 0.1, 3, 1)
    text = page(corpus(), [bad])
    assert "0 of 1 cases as expected" in text
    assert "**accepted**" in text and "- B01: expected empty, got accepted" in text
