"""What a project puts up with: files that deviate, that are misnamed, and what a person has released."""

from typing import Any

import pytest

from medloop.intake import Names, Prepared, prepare
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused
from tests.images import dicom, png, ramp

KEY = b"a key of made-up patients, of 32 bytes and more"
PICTURE = png(ramp(12, 10))


def taken(
    data: bytes, name: str = "scan.dcm", released: frozenset[Reason] = frozenset(), **intake: Any
) -> Prepared:
    project = Project.model_validate({"project": "knees", "classes": ("a", "b"), "intake": intake})
    return prepare(data, f"knees/images/{name}", project, KEY, released)


def test_a_good_file_deviates_in_nothing() -> None:
    assert "deviations" not in taken(dicom(ramp(12, 10))).facts


def test_it_goes_by_its_content_whatever_it_is_called() -> None:
    prepared = taken(PICTURE, "scan.dcm")
    assert (prepared.facts["format"], prepared.facts["deviations"]) == ("png", "misnamed")


@pytest.mark.parametrize("name", ["scan.png", "scan.PNG", "scan", "scan.exe", "scan.dcm.png"])
def test_only_a_promise_can_be_broken(name: str) -> None:
    assert "deviations" not in taken(PICTURE, name, misnamed="refuse").facts


def test_a_project_may_refuse_what_is_misnamed() -> None:
    with pytest.raises(Refused) as refusal:
        taken(PICTURE, "scan.nii.gz", misnamed="refuse")
    assert refusal.value.reason is Reason.TYPE_MISMATCH


def test_a_strict_project_names_what_deviates() -> None:
    with pytest.raises(Refused) as refusal:
        taken(PICTURE, strictness="strict")
    assert (refusal.value.reason, refusal.value.facts["deviations"]) == (Reason.NOT_STRICT, "misnamed")


def test_a_person_may_overrule_each_doubt() -> None:
    burned_in = dicom(ramp(12, 10), BurnedInAnnotation="YES")
    with pytest.raises(Refused):
        taken(burned_in)
    assert taken(burned_in, released=frozenset({Reason.BURNED_IN_REVIEW})).facts["format"] == "dicom"
    strict = {"strictness": "strict", "misnamed": "refuse"}
    both = frozenset({Reason.NOT_STRICT, Reason.TYPE_MISMATCH})
    assert taken(PICTURE, released=both, **strict).facts["deviations"] == "misnamed"


def test_names_are_pseudonyms_and_the_header_is_gone() -> None:
    made = dicom(ramp(12, 10), PatientID="FICTION-7", StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.4")
    prepared = taken(made)
    assert prepared.names.patient.startswith("patient-")
    assert prepared.names.series.startswith("2.25.")
    assert "FICTION-7" not in repr(prepared) and b"FICTION-7" not in prepared.clean


def test_a_picture_without_a_header_has_no_names() -> None:
    assert taken(PICTURE, "scan.png").names == Names()
