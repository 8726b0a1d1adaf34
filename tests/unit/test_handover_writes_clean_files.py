"""`medloop deidentify` writes clean files under clean names, once, and says nothing of anybody."""

import json
import stat
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medloop.cli.main import app
from tests.identified import ROOT
from tests.images import dicom, png, ramp

CANARY = "ZQCANARY"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export" / f"{CANARY}_Nora"
    folder.mkdir(parents=True)
    named = {"PatientName": f"{CANARY}^Nora", "PatientID": f"{CANARY}-1", "StudyInstanceUID": f"{ROOT}.1"}
    (folder / f"{CANARY}.dcm").write_bytes(dicom(ramp(), **named))
    (folder / f"{CANARY}.png").write_bytes(png(ramp(dtype="u1")))
    (folder / f"{CANARY}-us.dcm").write_bytes(dicom(ramp(), **named, BurnedInAnnotation="YES"))
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr(f"{CANARY}/second.dcm", dicom(ramp(step=11), **named, SOPInstanceUID=f"{ROOT}.5"))
    return tmp_path / "export"


def deidentify(export: Path, *more: str) -> tuple[int, str]:
    place = export.parent
    command = ["deidentify", str(export), str(place / "clean"), "--key", str(place / "key"), *more]
    ended = CliRunner().invoke(app, command)
    return ended.exit_code, ended.output


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_name_is_left_in_files_or_paths_and_a_second_run_writes_nothing(export: Path) -> None:
    code, told = deidentify(export, "--new-key", "--json")
    assert code == 0, told
    written = files(export.parent / "clean")
    assert len(written) == 3
    for path, content in written.items():
        assert CANARY not in path and CANARY.encode() not in content and ROOT.encode() not in content
    verdicts = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert [v["reason"] for v in verdicts if v["reason"]] == ["burned_in_review"]
    deidentify(export)
    assert files(export.parent / "clean") == written


def test_the_key_is_for_its_owner_alone(export: Path) -> None:
    deidentify(export, "--new-key")
    key = export.parent / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and len(bytes.fromhex(key.read_text())) == 32
    key.chmod(0o644)
    code, told = deidentify(export)
    assert code != 0 and "chmod 600" in told and key.read_text().strip() not in told


def test_without_a_key_nothing_is_written(export: Path) -> None:
    code, told = deidentify(export)
    assert code != 0 and "--new-key" in told
    assert not (export.parent / "clean").exists()


def test_out_may_not_lie_in_in(export: Path) -> None:
    command = [
        "deidentify",
        str(export),
        str(export / "clean"),
        "--key",
        str(export.parent / "key"),
        "--new-key",
    ]
    assert CliRunner().invoke(app, command).exit_code != 0
    assert not (export / "clean").exists()
