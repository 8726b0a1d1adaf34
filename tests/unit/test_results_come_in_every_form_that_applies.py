"""What a prediction is given back as, and that it is the same whenever it is written."""

import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from medloop.imaging.dicom.image import read_dicom
from medloop.results.forms import Form, Missing, forms
from medloop.results.subject import Subject, completed
from tests.results import (
    AXIAL,
    COLUMNS,
    ROWS,
    answer,
    centre_of,
    depth_in,
    radiograph,
    series,
    sources_of,
    step_of,
    subject_of,
)


@pytest.fixture(scope="module")
def volume() -> Subject:
    centre = centre_of(AXIAL, step_of(AXIAL))
    return subject_of(series(), lambda points: (depth_in(points, centre) < 1).astype(np.uint8))


@pytest.fixture(scope="module")
def picture(volume: Subject) -> Subject:
    """A radiograph with a class."""
    files = radiograph()
    return replace(
        volume,
        answer=answer(probabilities={"sick": 0.83, "well": 0.17}),
        structures=(),
        values=read_dicom(files[0]).values,
        affine=None,
        labels=None,
        sources=sources_of(files),
    )


def written(subject: Subject) -> dict[str, Form]:
    return {one.kind: one for one in forms(subject) if isinstance(one, Form)}


def missing(subject: Subject) -> dict[str, str]:
    return {one.kind: one.why for one in forms(subject) if isinstance(one, Missing)}


def test_a_segmented_series_has_them_all(volume: Subject) -> None:
    assert written(volume).keys() == {"overlay", "dicom-seg", "dicom-sr", "dicom-sc"}
    assert missing(volume) == {}


def test_a_classified_radiograph_has_no_segmentation(picture: Subject) -> None:
    assert written(picture).keys() == {"overlay", "dicom-sr", "dicom-sc"}
    assert missing(picture) == {}


def test_a_segmented_radiograph_is_reported_and_drawn_for_it_has_no_frame_of_reference(
    picture: Subject,
) -> None:
    labels = np.zeros((ROWS, COLUMNS), np.uint8)
    labels[10:20, 10:20] = 1
    volumes = {"core": 100.0, "shell": 0.0}
    subject = replace(
        picture,
        answer=answer(task="segmentation", label="core", volumes=volumes),
        structures=("core", "shell"),
        labels=labels,
    )
    assert written(subject).keys() == {"overlay", "dicom-sr", "dicom-sc"}
    assert missing(subject) == {"dicom-seg": "the picture has no frame of reference"}


def test_what_was_no_dicom_is_drawn_only(volume: Subject) -> None:
    assert written(replace(volume, sources=())).keys() == {"overlay"}


def test_where_nothing_was_found_there_is_nothing_to_segment_and_the_report_says_so(volume: Subject) -> None:
    assert volume.labels is not None
    empty = replace(
        volume,
        answer=answer(task="segmentation", label="none", volumes={"core": 0.0, "shell": 0.0}),
        labels=np.zeros_like(volume.labels),
    )
    found = written(empty)
    assert found.keys() == {"overlay", "dicom-sr", "dicom-sc"}
    values = [str(item.NumericValue) for item in numbers(found["dicom-sr"])]
    assert values == ["0", "0"] or values == ["0.0", "0.0"]


def test_one_form_that_cannot_be_written_takes_no_other_with_it(volume: Subject) -> None:
    odd = sources_of(series())
    for source in odd:
        source.header.PixelSpacing = [0.0, 0.0]
        del source.header.ImageOrientationPatient
    found = replace(volume, sources=odd)
    assert written(found).keys() == {"overlay", "dicom-sr", "dicom-sc"}
    assert missing(found)["dicom-seg"].startswith("not written (")


def test_files_that_lack_what_every_object_has_are_made_do_with(volume: Subject) -> None:
    for name in ("AccessionNumber", "StudyID", "ReferringPhysicianName", "PatientBirthDate"):
        for source in (bare := sources_of(series())):
            del source.header[name]
            completed(source.header)
        assert written(replace(volume, sources=bare)).keys() == {
            "overlay",
            "dicom-seg",
            "dicom-sr",
            "dicom-sc",
        }


def test_files_of_no_study_are_drawn_only(volume: Subject) -> None:
    loose = sources_of(series())
    for source in loose:
        del source.header.StudyInstanceUID
    found = replace(volume, sources=loose)
    assert written(found).keys() == {"overlay"}
    assert "no study" in missing(found)["dicom-sr"]


def test_written_again_they_are_the_same_bytes(volume: Subject, picture: Subject) -> None:
    for subject in (volume, picture):
        assert written(subject) == written(subject)


def test_another_prediction_has_other_names(volume: Subject) -> None:
    other = replace(volume, prediction="6" * 32)
    for kind in ("dicom-seg", "dicom-sr", "dicom-sc"):
        own, its = (dcmread(io.BytesIO(written(one)[kind].content)) for one in (volume, other))
        assert own.SOPInstanceUID != its.SOPInstanceUID
        assert own.SeriesInstanceUID != its.SeriesInstanceUID
        assert own.StudyInstanceUID == its.StudyInstanceUID == volume.sources[0].header.StudyInstanceUID


def test_the_report_measures_each_structure_in_millilitres(volume: Subject) -> None:
    (size,) = (item for item in numbers(written(volume)["dicom-sr"]) if float(item.NumericValue))
    assert float(size.NumericValue) == pytest.approx(volume.answer.volumes["core"])
    assert size.MeasurementUnitsCodeSequence[0].CodeValue == "mL"


def test_the_report_gives_every_class_its_probability(picture: Subject) -> None:
    found = {meaning(item): float(value.NumericValue) for item, value in named(written(picture)["dicom-sr"])}
    assert found["Probability of sick"] == pytest.approx(0.83)
    assert found["Probability of well"] == pytest.approx(0.17)
    assert found["Calibrated confidence"] == pytest.approx(0.83)


def test_the_overlay_shows_where(volume: Subject) -> None:
    drawn = Image.open(io.BytesIO(written(volume)["overlay"].content)).convert("RGB")
    assert any(colour == (230, 159, 0) for _, colour in drawn.getcolors(1 << 24) or ())


def items(dataset: Dataset) -> Iterator[Dataset]:
    for item in dataset.get("ContentSequence", ()):
        yield item
        yield from items(item)


def named(form: Form) -> Iterator[tuple[Dataset, Dataset]]:
    for item in items(dcmread(io.BytesIO(form.content))):
        if item.ValueType == "NUM":
            yield item, item.MeasuredValueSequence[0]


def numbers(form: Form) -> list[Dataset]:
    return [value for _, value in named(form)]


def meaning(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeMeaning)
