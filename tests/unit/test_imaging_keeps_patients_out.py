"""The patient's identifier leaves the reader once and hidden; no other text of the header leaves at all."""

import dataclasses

import pytest
from pydicom import uid

from medloop.imaging.read import read_image
from medloop.rules.reasons import Refused
from tests.images import dicom, ramp

SECRETS = {
    "PatientID": "CANARY-ID",
    "PatientName": "Canary^Name",
    "StudyDescription": "canary study",
    "AccessionNumber": "CANARY1",
    "Modality": "CANARYMOD",
    "SOPClassUID": "1.2.3.4444.5555",
}


def shown(value: object) -> str:
    return repr(value).lower()


def test_the_identifier_is_returned_but_not_printed() -> None:
    picture = read_image(dicom(ramp(), PatientID="CANARY-ID"))
    assert picture.identity.patient_id == "CANARY-ID"
    assert "canary" not in shown(picture) + str(picture).lower()
    assert "canary" not in shown(dataclasses.replace(picture, facts={}))


@pytest.mark.parametrize("blank", ["", "   "])
def test_a_blank_identifier_is_none(blank: str) -> None:
    assert read_image(dicom(ramp(), PatientID=blank)).identity.patient_id == ""


def test_a_missing_identifier_is_none() -> None:
    assert read_image(dicom(ramp(), PatientID=None)).identity.patient_id == ""


def test_the_character_set_does_not_change_the_identifier() -> None:
    latin = dicom(ramp(), PatientID="J\u00fcrg-1", SpecificCharacterSet="ISO_IR 100")
    modern = dicom(ramp(), PatientID="J\u00fcrg-1", SpecificCharacterSet="ISO_IR 192")
    assert read_image(latin).identity.patient_id == read_image(modern).identity.patient_id == "J\u00fcrg-1"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_facts_hold_no_text_of_the_header() -> None:
    facts = read_image(dicom(ramp(), **SECRETS)).facts
    assert "canary" not in shown(facts) and "4444" not in shown(facts)
    assert (facts["modality"], facts["sop_class"]) == ("other", "private")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "change",
    [
        {"PhotometricInterpretation": "CANARY"},
        {"RescaleSlope": "0", "NumberOfFrames": "3"},
        {"PixelData": b"CANARYCANARY"},
        {"BurnedInAnnotation": "YES"},
    ],
)
def test_refusals_hold_no_text_of_the_header(change: dict[str, object]) -> None:
    with pytest.raises(Refused) as refusal:
        read_image(dicom(ramp(), **{**SECRETS, **change}))
    assert "canary" not in shown(refusal.value) + str(refusal.value).lower()


def test_an_unknown_transfer_syntax_is_not_repeated() -> None:
    data = dicom(ramp()).replace(uid.ExplicitVRLittleEndian.encode(), b"CANARY CANARY CANAR")
    with pytest.raises(Refused) as refusal:
        read_image(data)
    assert refusal.value.facts == {"transfer_syntax": "private"}
