"""Written DICOM passes validators that are not ours, and names nobody."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medloop.imaging.dicom.image import read_dicom
from medloop.results.forms import Form, forms
from medloop.results.subject import Subject
from tests.results import (
    AXIAL,
    OBLIQUE,
    ROOT,
    Directions,
    answer,
    centre_of,
    depth_in,
    enhanced,
    radiograph,
    series,
    sources_of,
    step_of,
    subject_of,
)

DCIODVFY = shutil.which("dciodvfy")


def segmented(files: list[bytes], directions: Directions) -> Subject:
    centre = centre_of(directions, step_of(directions))
    return subject_of(files, lambda points: (depth_in(points, centre) < 1).astype(np.uint8))


def classified() -> Subject:
    files = radiograph()
    known = answer(probabilities={"sick": 0.83, "well": 0.17})
    return replace(
        segmented(series(), AXIAL),
        answer=known,
        structures=(),
        values=read_dicom(files[0]).values,
        affine=None,
        labels=None,
        sources=sources_of(files),
    )


SUBJECTS = {
    "series": lambda: segmented(series(), AXIAL),
    "enhanced": lambda: segmented(enhanced(OBLIQUE), OBLIQUE),
    "radiograph": classified,
}


@pytest.fixture(scope="module", params=SUBJECTS)
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, made = tmp_path_factory.mktemp(request.param), []
    for form in forms(SUBJECTS[request.param]()):
        if isinstance(form, Form) and form.name.endswith(".dcm"):
            made.append(folder / form.name)
            made[-1].write_bytes(form.content)
    assert made
    return made


@pytest.mark.skipif(DCIODVFY is None, reason="dciodvfy is not installed; `make oracles` does it")
def test_dciodvfy_finds_no_error(files: list[Path]) -> None:
    for file in files:
        assert DCIODVFY is not None
        told = subprocess.run([DCIODVFY, str(file)], capture_output=True, text=True).stderr
        assert [line for line in told.splitlines() if line.startswith("Error")] == [], file.name


def test_nothing_in_them_names_the_patient(files: list[Path]) -> None:
    for file in files:
        content = file.read_bytes()
        for canary in (b"FICTION", b"19620713", b"20240229", b"A-77", ROOT.encode()):
            assert canary not in content, (file.name, canary)
