"""When `medloop up` builds again."""

from pathlib import Path

import pytest

from local.deploy import code_hash


def house(root: Path) -> Path:
    (root / "functions").mkdir()
    (root / "functions" / "on_upload.py").write_text("print(1)")
    (root / "template.yaml").write_text("Resources: {}")
    (root / "docs").mkdir()
    return root


def test_the_same_code_has_the_same_hash(tmp_path: Path) -> None:
    assert code_hash(house(tmp_path)) == code_hash(tmp_path)


@pytest.mark.parametrize(
    "changed", ["functions/on_upload.py", "functions/new.py", "template.yaml", "Makefile"]
)
def test_a_changed_or_added_file_changes_it(tmp_path: Path, changed: str) -> None:
    before = code_hash(house(tmp_path))
    (tmp_path / changed).write_text("print(2)")
    assert code_hash(tmp_path) != before


def test_a_renamed_file_changes_it(tmp_path: Path) -> None:
    before = code_hash(house(tmp_path))
    (tmp_path / "functions" / "on_upload.py").rename(tmp_path / "functions" / "on_drop.py")
    assert code_hash(tmp_path) != before


@pytest.mark.parametrize("changed", ["docs/events.md", "functions/on_upload.pyc", "README.md"])
def test_what_no_artefact_holds_does_not(tmp_path: Path, changed: str) -> None:
    before = code_hash(house(tmp_path))
    (tmp_path / changed).write_text("print(2)")
    assert code_hash(tmp_path) == before
