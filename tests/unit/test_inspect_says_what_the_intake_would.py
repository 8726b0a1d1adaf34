"""`medloop inspect` judges files on this machine with the intake's own code, one JSON line each."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import uid
from typer.testing import CliRunner, Result

from medloop.cli.main import app
from medloop.rules.intake import MAX_IMAGE_BYTES
from tests.images import dicom, png, ramp
from tests.zips import zipped

SMALL = ramp(8, 6)
GREY = ramp(8, 8, "u1", step=3)
REPORT = uid.BasicTextSRStorage


def inspect(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["inspect", *(str(word) for word in words)])


def findings(*words: str | Path) -> dict[str, dict[str, Any]]:
    """By file name."""
    lines = inspect(*words, "--json").stdout.splitlines()
    found = [json.loads(line) for line in lines]
    return {Path(finding["path"]).name: finding for finding in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "series").mkdir()
    spaced = dicom(SMALL, PixelSpacing=["0.5", "0.25"])
    (tmp_path / "series" / "IM0001").write_bytes(spaced)
    (tmp_path / "series" / "report.dcm").write_bytes(dicom(SMALL, SOPClassUID=REPORT))
    (tmp_path / "photo.png").write_bytes(png(GREY))
    (tmp_path / "cut.dcm").write_bytes(spaced[:-20])
    (tmp_path / "Thumbs.db").write_bytes(bytes(100))
    return tmp_path


def test_every_file_under_a_folder_gets_a_verdict(folder: Path) -> None:
    verdicts = {name: finding["verdict"] for name, finding in findings(folder).items()}
    assert verdicts == {
        "IM0001": "accepted",
        "photo.png": "accepted",
        "cut.dcm": "quarantined",
        "report.dcm": "ignored",
        "Thumbs.db": "ignored",
    }


def test_an_accepted_file_tells_what_it_is(folder: Path) -> None:
    found = findings(folder / "series")["IM0001"]
    assert (found["format"], found["modality"], found["shape"]) == ("dicom", "MR", [8, 6])
    assert found["spacing"] == [0.5, 0.25]
    assert found["seconds"] > 0


def test_a_refused_file_tells_why_and_what_to_do(folder: Path) -> None:
    found = findings(folder / "cut.dcm")["cut.dcm"]
    assert found["reason"] == "truncated"
    assert "Upload it again" in found["hint"]
    assert found["facts"]["expected_bytes"] - found["facts"]["actual_bytes"] == 20


def test_the_fields_are_these(folder: Path) -> None:
    fields = [
        "path",
        "verdict",
        "reason",
        "hint",
        "format",
        "modality",
        "shape",
        "spacing",
        "warnings",
        "seconds",
        "facts",
    ]
    assert list(findings(folder / "photo.png")["photo.png"]) == fields


def test_a_strict_inspection_refuses_what_was_repaired(folder: Path) -> None:
    bare = folder / "bare"
    bare.write_bytes(dicom(SMALL)[132:])
    assert findings(bare)["bare"]["warnings"] == ["preamble"]
    assert findings(bare, "--strict")["bare"]["reason"] == "not_strict"


def test_a_project_s_own_policy_counts(folder: Path) -> None:
    policy = folder / "project.yaml"
    policy.write_text("project: chest\nclasses: [a, b]\nintake: {misnamed: refuse}\n")
    misnamed = folder / "misnamed.jpg"
    misnamed.write_bytes(png(GREY))
    assert findings(misnamed, "--project", policy)["misnamed.jpg"]["reason"] == "type_mismatch"


def test_archives_are_looked_into(tmp_path: Path) -> None:
    archive = tmp_path / "study.zip"
    archive.write_bytes(zipped({"a/IM1": dicom(SMALL), "a/note.txt": b"text", "__MACOSX/._IM1": b"x"}))
    found = findings(archive)
    assert found["IM1"]["path"] == f"{archive}/a/IM1"
    assert {name: finding["verdict"] for name, finding in found.items()} == {
        "IM1": "accepted",
        "note.txt": "quarantined",
        "._IM1": "ignored",
        "study.zip": "accepted",
    }


def test_a_bad_archive_is_one_finding(tmp_path: Path) -> None:
    archive = tmp_path / "study.zip"
    archive.write_bytes(zipped({"../evil.dcm": dicom(SMALL)}))
    assert findings(archive)["study.zip"]["reason"] == "zip_path"


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.write(dicom(SMALL))
        file.truncate(64 * MAX_IMAGE_BYTES)
    found = findings(tmp_path / "large")["large"]
    assert found["reason"] == "too_large"
    assert found["seconds"] < 1


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    result = inspect(tmp_path / "gone", "--json")
    assert result.exit_code == 2  # a missing path, said before anything else
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "loop").symlink_to("loop")
    assert inspect(tmp_path / "folder", "--json").stdout == ""


def test_the_exit_status_tells_of_refusals_only_when_asked(folder: Path) -> None:
    assert inspect(folder).exit_code == 0
    assert inspect(folder, "--fail").exit_code == 1
    assert inspect(folder / "photo.png", "--fail").exit_code == 0
    assert inspect(folder / "missing").exit_code == 2


def test_people_get_a_table_by_reason(folder: Path) -> None:
    shown = inspect(folder).stdout
    assert "accepted" in shown and "truncated" in shown and "unsupported_sop_class" in shown


def test_nothing_of_a_header_is_printed(folder: Path) -> None:
    printed = inspect(folder, "--json").output + inspect(folder).output
    assert "Nora" not in printed and "FICTION" not in printed


def test_several_processes_find_the_same(folder: Path) -> None:
    alone, together = findings(folder), findings(folder, "--processes", "3")
    assert {name: finding["facts"] for name, finding in alone.items()} == {
        name: finding["facts"] for name, finding in together.items()
    }


def test_names_of_any_bytes_are_survived(tmp_path: Path) -> None:
    strange = tmp_path / b"n\xe4me\n \xf0\x9f\xa6\xb4".decode("utf-8", "surrogateescape")
    strange.write_bytes(png(GREY))
    lines = inspect(tmp_path, "--json").stdout.splitlines()
    assert [json.loads(line)["path"] for line in lines] == [str(strange)]
