"""Results under pseudonyms get their patients back where the originals and the keys are, and nowhere else."""

import copy
import io
import json
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread, uid
from pydicom.sequence import Sequence
from typer.testing import CliRunner, Result

from medloop.cli.main import app
from medloop.deidentify.file import deidentify
from medloop.rules.project import Deidentification
from medloop.rules.pseudonyms import Pseudonyms
from tests.images import dataset, dicom, png, ramp, written

HOSPITAL, STACK = bytes(range(32)), bytes(range(32, 64))
ROOT = "1.2.826.0.1.3680043.9999"
NORA = {
    "PatientName": "FICTION^Nora",
    "PatientID": "FICTION-1",
    "PatientBirthDate": "19620713",
    "PatientSex": "F",
    "StudyInstanceUID": f"{ROOT}.1",
    "SeriesInstanceUID": f"{ROOT}.1.1",
    "SOPInstanceUID": f"{ROOT}.1.1.1",
    "FrameOfReferenceUID": f"{ROOT}.1.9",
    "StudyDate": "20240229",
    "StudyTime": "101500",
    "AccessionNumber": "A-77",
    "ReferringPhysicianName": "FICTION^Rolf",
}
FINN = NORA | {
    "PatientName": "FICTION^Finn",
    "PatientID": "FICTION-2",
    "StudyInstanceUID": f"{ROOT}.2",
    "SeriesInstanceUID": f"{ROOT}.2.1",
    "SOPInstanceUID": f"{ROOT}.2.1.1",
}
STAYS = Deidentification(retain_uids=True)


def cleaned(original: bytes, *keys: bytes, policy: Deidentification | None = None) -> Dataset:
    for key in keys:
        original = deidentify(original, policy or Deidentification(), Pseudonyms(key, "chest")).content
    return dcmread(io.BytesIO(original))


def result_of(source: Dataset) -> bytes:
    """A report as it is written in the cloud: of the clean source's patient and study, and refers to it."""
    made = dataset(ramp())
    for name in NORA:
        if name in source:
            made[name] = copy.deepcopy(source[name])
    made.SOPInstanceUID, made.SeriesInstanceUID = f"{ROOT}.5.1", f"{ROOT}.5"
    made.PatientIdentityRemoved, made.DeidentificationMethod = "YES", "medloop"
    deep, item = Dataset(), Dataset()
    deep.ReferencedSOPClassUID = uid.MRImageStorage
    deep.ReferencedSOPInstanceUID = source.SOPInstanceUID
    item.SeriesInstanceUID = source.SeriesInstanceUID
    item.ReferencedSOPSequence = Sequence([deep])
    made.ReferencedSeriesSequence = Sequence([item])
    return written(made)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "originals").mkdir()
    for name, who in (("nora", NORA), ("finn", FINN)):
        (tmp_path / "originals" / name).write_bytes(dicom(ramp(), **who))
    for name, key in (("hospital", HOSPITAL), ("stack", STACK)):
        (tmp_path / name).write_text(key.hex())
        (tmp_path / name).chmod(0o600)
    (tmp_path / "results").mkdir()
    return tmp_path


def bring_home(house: Path, *keys: str) -> Result:
    words = ["reidentify", str(house / "results"), "--originals", str(house / "originals")]
    words += ["--out", str(house / "home"), "--project", "chest", "--no-stack"]
    for key in keys:
        words += ["--key", str(house / key)]
    return CliRunner().invoke(app, words)


@pytest.mark.parametrize("keys", [(HOSPITAL,), (STACK,), (HOSPITAL, STACK)])
def test_patient_study_and_references_are_those_of_the_original(house: Path, keys: tuple[bytes, ...]) -> None:
    (house / "results" / "report.dcm").write_bytes(result_of(cleaned(dicom(ramp(), **NORA), *keys)))
    told = bring_home(house, "hospital", "stack")
    assert told.exit_code == 0, told.output
    home = dcmread(house / "home" / "report.dcm")
    for name in NORA.keys() - {"SOPInstanceUID", "SeriesInstanceUID"}:
        assert home[name].value == NORA[name], name
    assert (home.SOPInstanceUID, home.SeriesInstanceUID) == (f"{ROOT}.5.1", f"{ROOT}.5")
    (series,) = home.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == NORA["SeriesInstanceUID"]
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == NORA["SOPInstanceUID"]
    assert "PatientIdentityRemoved" not in home and "DeidentificationMethod" not in home
    assert b"2.25." not in (house / "home" / "report.dcm").read_bytes()


def test_of_two_patients_each_gets_his_own(house: Path) -> None:
    for who, name in ((NORA, "a"), (FINN, "b")):
        (house / "results" / name).write_bytes(result_of(cleaned(dicom(ramp(), **who), HOSPITAL)))
    assert bring_home(house, "hospital").exit_code == 0
    names = [str(dcmread(house / "home" / name).PatientName) for name in ("a", "b")]
    assert names == ["FICTION^Nora", "FICTION^Finn"]


def test_a_project_that_kept_its_uids_needs_no_key_to_match(house: Path) -> None:
    (house / "results" / "a").write_bytes(result_of(cleaned(dicom(ramp(), **NORA), STACK, policy=STAYS)))
    assert bring_home(house, "hospital").exit_code == 0
    assert str(dcmread(house / "home" / "a").PatientName) == "FICTION^Nora"


def test_with_another_key_or_without_the_original_nothing_is_guessed(house: Path) -> None:
    strange = dicom(ramp(), **NORA | {"StudyInstanceUID": f"{ROOT}.3"})
    (house / "results" / "a").write_bytes(result_of(cleaned(strange, HOSPITAL)))
    (house / "results" / "b").write_bytes(result_of(cleaned(dicom(ramp(), **NORA), STACK)))
    told = bring_home(house, "hospital")
    assert told.exit_code == 1 and told.output.count("no original") == 2
    assert list((house / "home").iterdir()) == []


def test_files_that_name_nobody_come_along_as_they_are(house: Path) -> None:
    (house / "results" / "overlay.png").write_bytes(png(ramp(dtype="u1")))
    (house / "results" / "answer.json").write_text(json.dumps({"label": "normal"}))
    assert bring_home(house, "hospital").exit_code == 0
    for name in ("overlay.png", "answer.json"):
        assert (house / "home" / name).read_bytes() == (house / "results" / name).read_bytes()


def test_nothing_that_tells_who_is_who_is_written(house: Path) -> None:
    clean = cleaned(dicom(ramp(), **NORA), HOSPITAL)
    (house / "results" / "a").write_bytes(result_of(clean))
    told = bring_home(house, "hospital")
    assert "FICTION" not in told.output
    for file in house.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not (b"FICTION" in content and clean.PatientID.encode() in content)
