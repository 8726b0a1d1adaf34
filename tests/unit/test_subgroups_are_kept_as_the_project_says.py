"""Scanner, site, sex and age band are noted of an image where the project's de-identification keeps them."""

import json

import pytest

from medloop.intake import prepare
from medloop.rules.project import Deidentification, Project
from medloop.rules.subgroups import age_band, common, noted, subgroups
from tests.images import dataset, ramp, written

HEADER = {
    "manufacturer": "SIEMENS",
    "model": "Siemens Avanto",
    "institution": "General Hospital",
    "sex": "F",
    "age": "045Y",
}
KEY = bytes(range(32))
EVERYTHING = Deidentification(retain_institution_identity=True, retain_patient_characteristics=True)
ALL = {"scanner": "SIEMENS Siemens Avanto", "site": "General Hospital", "sex": "F", "age band": "40 to 49"}


def test_a_careful_project_keeps_the_scanner_alone() -> None:
    assert subgroups(HEADER, Deidentification()) == {"scanner": "SIEMENS Siemens Avanto"}


def test_every_option_adds_what_it_retains() -> None:
    assert subgroups(HEADER, EVERYTHING) == ALL
    site = Deidentification(retain_institution_identity=True)
    assert set(subgroups(HEADER, site)) == {"scanner", "site"}
    characteristics = Deidentification(retain_patient_characteristics=True)
    assert set(subgroups(HEADER, characteristics)) == {"scanner", "sex", "age band"}


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("045Y", "40 to 49"),
        ("000Y", "0 to 9"),
        ("007M", "0 to 9"),
        ("011D", "0 to 9"),
        ("089Y", "80 to 89"),
        ("090Y", "90 and above"),
        ("104Y", "90 and above"),
        ("45", ""),
        ("", ""),
        ("Smith", ""),
    ],
)
def test_ages_become_bands_of_ten_years(age: str, band: str) -> None:
    assert age_band(age) == band


def test_what_is_no_sex_of_the_standard_is_not_noted() -> None:
    assert "sex" not in subgroups(HEADER | {"sex": "Jane Doe"}, EVERYTHING)


def test_the_intake_notes_what_the_header_says() -> None:
    data = written(
        dataset(
            ramp(),
            Manufacturer="SIEMENS",
            ManufacturerModelName="Avanto",
            InstitutionName="General Hospital",
            PatientSex="F",
            PatientAge="045Y",
        )
    )
    careful = Project(project="chest", classes=("a", "b"))
    assert prepare(data, "one.dcm", careful, KEY).subgroups == {"scanner": "SIEMENS Avanto"}
    generous = careful.model_copy(update={"deidentification": EVERYTHING})
    assert prepare(data, "one.dcm", generous, KEY).subgroups == ALL | {"scanner": "SIEMENS Avanto"}


def test_a_volume_has_what_all_of_its_slices_agree_on() -> None:
    one, other = (json.dumps(noted(found)) for found in (ALL, ALL | {"age band": "50 to 59"}))
    assert set(common([one, one])) == set(ALL)
    assert set(common([one, other])) == {"scanner", "site", "sex"}
    assert common([one, "{}"]) == {}
