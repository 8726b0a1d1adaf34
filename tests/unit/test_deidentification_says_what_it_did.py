"""A de-identified object states the profile, its options, and what became of its dates."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread, uid

from tests.identified import clean_dataset, cleaned
from tests.images import compressed, dataset, jpeg_dicom, ramp, rle_dicom, saved, written


def codes(**options: Any) -> set[str]:
    found = clean_dataset(dataset(ramp()), **options)
    assert found.PatientIdentityRemoved == "YES"
    assert {item.CodingSchemeDesignator for item in found.DeidentificationMethodCodeSequence} == {"DCM"}
    return {item.CodeValue for item in found.DeidentificationMethodCodeSequence}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"113100", "113107"}),
        ({"dates": "remove"}, {"113100"}),
        ({"dates": "retain"}, {"113100", "113106"}),
        ({"retain_uids": True}, {"113100", "113107", "113110"}),
        ({"retain_device_identity": True}, {"113100", "113107", "113109"}),
        ({"retain_institution_identity": True}, {"113100", "113107", "113112"}),
        ({"retain_patient_characteristics": True}, {"113100", "113107", "113108"}),
        ({"clean_descriptors": True}, {"113100", "113107", "113105"}),
        ({"retain_safe_private": True}, {"113100", "113107", "113111"}),
    ],
)
def test_codes_of_the_options_are_written(options: dict[str, Any], expected: set[str]) -> None:
    assert codes(**options) == expected


@pytest.mark.parametrize(
    ("dates", "word"), [("remove", "REMOVED"), ("shift", "MODIFIED"), ("retain", "UNMODIFIED")]
)
def test_what_became_of_dates_is_written(dates: str, word: str) -> None:
    assert clean_dataset(dataset(ramp()), dates=dates).LongitudinalTemporalInformationModified == word


@pytest.mark.parametrize(
    ("option", "keyword", "value"),
    [
        ("retain_uids", "StudyInstanceUID", "1.2.826.0.1.77"),
        ("retain_device_identity", "StationName", "MR-EAST"),
        ("retain_institution_identity", "InstitutionName", "St. Elsewhere"),
        ("retain_patient_characteristics", "PatientSex", "F"),
        ("retain_patient_characteristics", "PatientAge", "047Y"),
    ],
)
def test_an_option_keeps_what_it_names_and_nothing_else_does(option: str, keyword: str, value: str) -> None:
    made = dataset(ramp(), **{keyword: value})
    assert clean_dataset(made, **{option: True})[keyword].value == value
    assert clean_dataset(dataset(ramp(), **{keyword: value})).get(keyword) != value


def test_high_ages_are_one_age() -> None:
    made = dataset(ramp(), PatientAge="097Y")
    assert clean_dataset(made, retain_patient_characteristics=True).PatientAge == "090Y"


def test_pixels_are_bit_for_bit_the_same() -> None:
    made = dataset(ramp())
    assert clean_dataset(made).PixelData == made.PixelData


COMPRESSED = {
    "rle": rle_dicom(ramp()),
    "jpeg": jpeg_dicom(ramp(dtype="u1"), "JPEG", uid.JPEGBaseline8Bit),
    "jpeg 2000 in fragments": compressed(
        ramp(), saved(Image.fromarray(ramp()), "JPEG2000", no_jp2=True), uid.JPEG2000Lossless, fragments=3
    ),
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_pixels_decode_to_the_same(name: str) -> None:
    before, after = (
        dcmread(io.BytesIO(data)) for data in (COMPRESSED[name], cleaned(COMPRESSED[name]).content)
    )
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
    assert np.array_equal(after.pixel_array, before.pixel_array)


def test_the_report_holds_closed_words_and_counts_alone() -> None:
    report = cleaned(written(dataset(ramp(), PatientName="Zebra^Nora"))).report
    assert all(word.isalpha() and isinstance(count, int) for word, count in report.items())
    assert "zebra" not in str(report).lower()
