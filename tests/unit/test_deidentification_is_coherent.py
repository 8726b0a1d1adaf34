"""Objects that belonged together still do: UIDs, patients and intervals survive, in every process."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from pydicom import Dataset

from medloop.rules.pseudonyms import Pseudonyms
from tests.identified import KEY, ROOT, SYNTAXES, clean_dataset, cleaned, nested
from tests.images import dataset, ramp, written


def slice_of(number: int, day: int = 1, patient: str = "P-007") -> Dataset:
    made = dataset(ramp(), PatientID=patient)
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.2"
    made.SOPInstanceUID, made.FrameOfReferenceUID = f"{ROOT}.3.{number}", f"{ROOT}.4"
    made.StudyDate, made.StudyTime = f"201902{day:02}", "101500"
    made.AcquisitionDateTime = f"201902{day:02}101500.25"
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = made.SOPClassUID, f"{ROOT}.3.1"
    made.SourceImageSequence = [source]
    return made


def test_references_lead_to_what_they_named() -> None:
    first, second = clean_dataset(slice_of(1)), clean_dataset(slice_of(2))
    assert second.SourceImageSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert second.SourceImageSequence[0].ReferencedSOPClassUID == first.SOPClassUID
    assert first.StudyInstanceUID == second.StudyInstanceUID != first.SeriesInstanceUID
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID != second.SOPInstanceUID


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_intervals_survive_and_dates_do_not(syntax: str) -> None:
    days = [1, 9, 28]
    found = [clean_dataset(slice_of(day, day), syntax) for day in days]
    dates = [datetime.strptime(each.StudyDate, "%Y%m%d") for each in found]
    assert [(date - dates[0]).days for date in dates] == [0, 8, 27]
    assert all(date < datetime(2019, 2, 1) for date in dates)
    assert all(each.AcquisitionDateTime == each.StudyDate + "101500.25" for each in found)


def test_patients_do_not_share_a_shift() -> None:
    shifts = {clean_dataset(slice_of(1, patient=f"P-{number}")).StudyDate for number in range(20)}
    assert len(shifts) > 15


def test_another_process_and_other_threads_write_the_same_bytes(tmp_path: Path) -> None:
    file = tmp_path / "slice"
    file.write_bytes(written(slice_of(1)))
    code = (
        "import hashlib, sys; from tests.identified import cleaned;"
        f"print(hashlib.sha256(cleaned(open({str(file)!r}, 'rb').read()).content).hexdigest())"
    )
    told = subprocess.run(
        (sys.executable, "-c", code),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout.strip()

    def digest(_: int) -> str:
        import hashlib

        return hashlib.sha256(cleaned(file.read_bytes()).content).hexdigest()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(digest, range(16))) == {told}


def test_another_key_or_project_gives_nothing_in_common() -> None:
    data = written(slice_of(1))
    holders = [Pseudonyms(KEY, "knees"), Pseudonyms(KEY, "hips"), Pseudonyms(KEY[::-1], "knees")]
    assert len({cleaned(data, names=names).content for names in holders}) == 3


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("dates", ["remove", "shift", "retain"])
def test_cleaning_twice_changes_nothing(syntax: str, dates: str) -> None:
    from medloop.rules.project import Deidentification

    policy = Deidentification(dates=dates)  # type: ignore[arg-type]
    once = cleaned(written(nested(slice_of(3), 2), syntax), policy).content
    assert cleaned(once, policy).content == once
