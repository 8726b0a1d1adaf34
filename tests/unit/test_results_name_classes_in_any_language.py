"""Projects name their classes as they like; results keep the names, or say which class is meant."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from medloop.imaging.dicom.image import read_dicom
from medloop.results.forms import Form, forms
from medloop.results.overlay import overlay
from medloop.results.subject import Subject
from tests.results import (
    AXIAL,
    answer,
    centre_of,
    depth_in,
    radiograph,
    series,
    sources_of,
    step_of,
    subject_of,
)

NAMES = ["liver", "Läsion", "左心室", "Желудок", "a\\b", "tail of ^ = &", "x" * 64]


@pytest.fixture(scope="module")
def ellipsoid() -> Subject:
    centre = centre_of(AXIAL, step_of(AXIAL))
    return subject_of(series(), lambda points: (depth_in(points, centre) < 1).astype(np.uint8))


def of_structure(subject: Subject, name: str) -> Subject:
    told = answer(task="segmentation", label=name, volumes={name: 12.5})
    return replace(subject, answer=told, structures=(name,))


def of_classes(subject: Subject, label: str, *names: str) -> Subject:
    files = radiograph()
    return replace(
        subject,
        answer=answer(label=label, probabilities={name: 1 / len(names) for name in names}),
        structures=(),
        values=read_dicom(files[0]).values,
        affine=None,
        labels=None,
        sources=sources_of(files),
    )


def read(subject: Subject, kind: str) -> Dataset:
    (found,) = (one for one in forms(subject) if isinstance(one, Form) and one.kind == kind)
    return dcmread(io.BytesIO(found.content))


@pytest.mark.parametrize("name", NAMES)
def test_a_single_structure_keeps_its_name_in_segmentation_and_report(ellipsoid: Subject, name: str) -> None:
    subject = of_structure(ellipsoid, name)
    (segment,) = read(subject, "dicom-seg").SegmentSequence
    assert segment.SegmentLabel == name.replace("\\", "/")
    assert name.replace("\\", "/") in str(read(subject, "dicom-sr"))


@pytest.mark.parametrize("name", NAMES)
def test_a_class_keeps_its_name_in_the_report(ellipsoid: Subject, name: str) -> None:
    report = read(of_classes(ellipsoid, name, name, "well"), "dicom-sr")
    assert f"Finding: {name}".replace("\\", "/") in findings(report)


def test_a_class_with_a_bar_in_its_name_is_one_class(ellipsoid: Subject) -> None:
    report = read(of_classes(ellipsoid, "left | right", "left | right", "left", "right"), "dicom-sr")
    assert findings(report) == ["Finding: left | right"]


def test_several_classes_are_several_findings(ellipsoid: Subject) -> None:
    report = read(of_classes(ellipsoid, "left | right", "left", "right", "none of them"), "dicom-sr")
    assert findings(report) == ["Finding: left", "Finding: right"]


@pytest.mark.parametrize(("name", "other"), [("Läsion", "Lasion"), ("左心室", "class 1 of the project")])
def test_what_the_font_lacks_is_drawn_as_something_that_can_be_read(
    ellipsoid: Subject, name: str, other: str
) -> None:
    drawn = [overlay(of_structure(ellipsoid, one)) for one in (name, other)]
    assert same(*drawn)


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


def findings(dataset: Dataset) -> list[str]:
    found = []
    for item in dataset.get("ContentSequence", ()):
        if item.ValueType == "CODE" and item.ConceptNameCodeSequence[0].CodeValue == "121071":
            found.append(f"Finding: {item.ConceptCodeSequence[0].CodeMeaning}")
        found += findings(item)
    return found
