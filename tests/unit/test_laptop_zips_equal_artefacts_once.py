"""What `sam deploy` is given after `sam build`."""

import zipfile
from pathlib import Path

from local.artefacts import fingerprint, zip_once

TEMPLATE = """\
Globals:
  Function:
    CodeUri: .
Resources:
  First:
    Properties:
      CodeUri: First
  Second:
    Properties:
      CodeUri: Second
"""


def built(folder: Path, first: str, second: str) -> Path:
    for name, text in (("First", first), ("Second", second)):
        (folder / name / "functions").mkdir(parents=True)
        (folder / name / "functions" / "door.py").write_text(text)
    (folder / "template.yaml").write_text(TEMPLATE)
    return folder


def archives(folder: Path) -> list[str]:
    """As the template to deploy names them."""
    zip_once(folder, folder / "zipped.yaml")
    lines = (folder / "zipped.yaml").read_text().splitlines()
    return [line.split(": ")[1] for line in lines if line.endswith(".zip")]


def test_equal_functions_share_an_archive(tmp_path: Path) -> None:
    first, second = archives(built(tmp_path, "same", "same"))
    assert first == second
    with zipfile.ZipFile(tmp_path / first) as archive:
        assert archive.read("functions/door.py") == b"same"


def test_different_functions_do_not(tmp_path: Path) -> None:
    first, second = archives(built(tmp_path, "one", "two"))
    assert first != second


def test_nothing_else_in_the_template_changes(tmp_path: Path) -> None:
    [archive, _] = archives(built(tmp_path, "same", "same"))
    expected = TEMPLATE.replace("CodeUri: First", f"CodeUri: {archive}")
    expected = expected.replace("CodeUri: Second", f"CodeUri: {archive}")
    assert (tmp_path / "zipped.yaml").read_text() == expected


def test_a_hard_link_is_the_same_file(tmp_path: Path) -> None:
    built(tmp_path, "same", "other")
    (tmp_path / "Second/functions/door.py").unlink()
    (tmp_path / "Second/functions/door.py").hardlink_to(tmp_path / "First/functions/door.py")
    assert fingerprint(tmp_path / "First") == fingerprint(tmp_path / "Second")
