"""`medloop volumes` writes what a folder's series make, and says of everything else why not."""

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from medloop.cli.main import app
from medloop.inspection.slices import Gathering, NoRoom, Spool
from medloop.rules.project import Intake
from tests.images import dicom, png, ramp

PATIENT = "Fiction^Patience"


def volumes(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["volumes", *(str(word) for word in words)])


def results(*words: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in volumes(*words, "--json").stdout.splitlines()]


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def slice_file(number: int, series: str = "1.2.3", **changes: Any) -> bytes:
    given = {
        "PatientName": PATIENT,
        "StudyInstanceUID": "1.2",
        "SeriesInstanceUID": series,
        "InstanceNumber": number,
        "ImagePositionPatient": [0, 0, 3 * number],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [2, 1],
    }
    stated = {keyword: value for keyword, value in (given | changes).items() if value is not None}
    return dicom(ramp(8, 6) + number, **stated)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    (folder / "head").mkdir(parents=True)
    for number in range(4):
        (folder / "head" / f"IM{number}").write_bytes(slice_file(number))
    return folder


def test_a_series_becomes_a_volume_beside_its_facts(export: Path, tmp_path: Path) -> None:
    (result,) = results(export, tmp_path / "out")
    assert (result["folder"], result["modality"], result["reason"]) == ("head", "MR", None)
    image: Any = nibabel.load(tmp_path / "out" / result["file"])  # type: ignore[no-untyped-call]
    assert image.shape == (6, 8, 4)
    assert image.affine.tolist() == [[-1, 0, 0, 0], [0, -2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1]]
    assert np.array_equal(np.asarray(image.dataobj)[..., 2], ramp(8, 6).T + 2)
    facts = json.loads((tmp_path / "out" / result["file"].replace(".nii.gz", ".json")).read_text())
    assert facts == result["facts"]


def test_running_it_again_changes_nothing(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = volumes(export, out)
    before, times = written(out), [path.stat().st_mtime_ns for path in sorted(out.iterdir())]
    second = volumes(export, out)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert written(out) == before
    assert [path.stat().st_mtime_ns for path in sorted(out.iterdir())] == times


def test_an_archive_counts_as_a_folder(export: Path, tmp_path: Path) -> None:
    from shutil import make_archive

    archive = make_archive(str(tmp_path / "export"), "zip", export)
    assert volumes(archive, tmp_path / "a").exit_code == 0
    volumes(export, tmp_path / "b")
    assert written(tmp_path / "a") == written(tmp_path / "b")


def test_every_file_and_series_without_a_volume_has_a_reason(export: Path, tmp_path: Path) -> None:
    (export / "cut.dcm").write_bytes(slice_file(0)[:-20])
    (export / "photo.png").write_bytes(png(ramp(8, 8, "u1", step=3)))
    (export / "single.dcm").write_bytes(slice_file(0, series="1.2.4"))
    (export / "nowhere.dcm").write_bytes(slice_file(0, series="1.2.5", PixelSpacing=None))
    for number in (0, 1, 3, 4):
        (export / f"gap{number}.dcm").write_bytes(slice_file(number, series="1.2.6"))
    reasons = {result["reason"] for result in results(export, tmp_path / "out")}
    assert reasons == {None, "truncated", "series_too_short", "series_no_geometry", "series_incomplete"}
    shown = volumes(export, tmp_path / "out")
    assert shown.exit_code == 0
    assert "1 volumes of 4 series" in shown.stdout
    for word in (*reasons - {None}, "png (1)", "Upload the missing slices"):
        assert str(word) in shown.stdout


def test_two_patients_never_share_a_volume(export: Path, tmp_path: Path) -> None:
    other = export / "head" / "IM1"
    other.write_bytes(slice_file(1, PatientID="FICTION-002"))
    (result,) = results(export, tmp_path / "out")
    assert (result["reason"], result["facts"]["patients"]) == ("mixed_patients", 2)
    assert written(tmp_path / "out") == {}
    other.write_bytes(slice_file(1, PatientID=""))
    assert results(export, tmp_path / "out")[0]["reason"] is None


def test_the_projects_policy_counts(export: Path, tmp_path: Path) -> None:
    (export / "head" / "IM1").unlink()
    assert results(export, tmp_path / "out")[0]["reason"] == "series_incomplete"
    policy = tmp_path / "knee" / "project.yaml"
    policy.parent.mkdir()
    policy.write_text("project: knee\nclasses: [a, b]\nseries: {gaps: accept}\n")
    (made,) = results(export, tmp_path / "out", "--project", policy)
    assert made["reason"] is None and made["facts"]["missing"] == 1


def test_nothing_written_names_a_patient(export: Path, tmp_path: Path) -> None:
    import gzip

    shown = volumes(export, tmp_path / "out").stdout
    contents = [
        gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        for data in written(tmp_path / "out").values()
    ]
    for found in [shown.encode(), *contents]:
        assert b"Fiction" not in found and b"1.2.3" not in found


@pytest.mark.parametrize("content", [None, b"hello\n"])
def test_a_folder_without_slices_is_told_apart(content: bytes | None, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    if content:
        (tmp_path / "in" / "notes.txt").write_bytes(content)
    for more in ([], ["--json"]):
        result = volumes(tmp_path / "in", tmp_path / "out", *more)
        assert result.exit_code == 1
        assert "no DICOM image was found" in result.stderr and "medloop inspect" in result.stderr
        assert "✓" not in result.stdout
    assert written(tmp_path / "out") == {}


def test_series_that_make_no_volume_fail_the_command(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "single.dcm").write_bytes(slice_file(0))
    result = volumes(tmp_path / "in", tmp_path / "out")
    assert result.exit_code == 1
    assert "none of 1 series made a volume" in result.stderr


def test_a_target_that_cannot_be_written_is_named(export: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = volumes(export, tmp_path / "file" / "out")
    assert result.exit_code == 1
    assert "cannot be written: Not a directory" in result.stderr


def test_a_full_disk_is_no_fault_of_the_files(export: Path) -> None:
    with Path("/dev/full").open("r+b", buffering=0) as full:
        gathering = Gathering(Spool(full), Intake())
        with pytest.raises(NoRoom):
            gathering.take_file(str(export / "head" / "IM0"))
    assert not gathering.found.refused
