"""Results are stored in a real archive by DICOMweb, and what it does not take is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from orthanc import MISSING, PASSWORD, REASON, USER, free_port, orthanc, stored
from typer.testing import CliRunner, Result

from medloop.cli.main import app
from tests.images import dicom, png, ramp

pytestmark = pytest.mark.skipif(MISSING, reason=REASON)

ROOT = "1.2.826.0.1.3680043.9999"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with orthanc(tmp_path_factory.mktemp("archive")) as address:
        yield address


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "case"
    folder.mkdir(parents=True)
    for number in range(60):
        content = dicom(
            ramp(step=number + 1),
            PatientID="FICTION-1",
            StudyInstanceUID=f"{ROOT}.1",
            SeriesInstanceUID=f"{ROOT}.1.1",
            SOPInstanceUID=f"{ROOT}.1.1.{number + 1}",
        )
        (folder / f"{number}.dcm").write_bytes(content)
    (folder / "overlay.png").write_bytes(png(ramp(dtype="u1")))
    return tmp_path / "home"


def stow(results: Path, url: str, user: str = f"{USER}:{PASSWORD}") -> Result:
    return CliRunner().invoke(app, ["stow", str(results), "--to", url, "--user", user])


def test_every_object_is_in_the_archive_once_however_often_it_is_sent(results: Path, archive: str) -> None:
    for _ in range(2):
        told = stow(results, f"{archive}/dicom-web")
        assert told.exit_code == 0 and "60 of 60 objects" in told.output, told.output
        assert sorted(stored(archive)) == sorted(f"{ROOT}.1.1.{number + 1}" for number in range(60))


def test_a_wrong_password_is_told_without_naming_anything_else(results: Path, archive: str) -> None:
    told = stow(results, f"{archive}/dicom-web", "reader:wrong")
    assert told.exit_code == 1
    assert "asks who you are (HTTP 401)" in told.stderr
    assert "wrong" not in told.output + told.stderr


def test_an_archive_that_is_not_there_is_told(results: Path) -> None:
    told = stow(results, f"http://127.0.0.1:{free_port()}/dicom-web")
    assert told.exit_code == 1 and "no connection" in told.stderr


def test_an_address_without_dicomweb_is_told(results: Path, archive: str) -> None:
    told = stow(results, f"{archive}/elsewhere")
    assert told.exit_code == 1 and "does not store (HTTP 404)" in told.stderr


def test_objects_that_the_archive_refuses_are_named_and_the_others_stored(
    results: Path, tmp_path: Path
) -> None:
    for number in range(3, 60):
        (results / "case" / f"{number}.dcm").unlink()
    large = dicom(ramp(1500, 1500), SOPInstanceUID=f"{ROOT}.2")
    (results / "case" / "large.dcm").write_bytes(large)
    with orthanc(tmp_path, MaximumStorageSize=1) as small:
        told = stow(results, f"{small}/dicom-web")
        assert told.exit_code == 1
        assert "3 of 4 objects are in the archive" in told.output
        (line,) = [line for line in told.output.splitlines() if "not stored" in line]
        assert "large.dcm: the archive refuses the object (HTTP 400)" in line
        assert len(stored(small)) == 3
