"""Before its content is looked at, an upload fits its project and its size, or the reason is told."""

import unicodedata

import pytest

from medloop.rules.intake import (
    MAX_IMAGE_BYTES,
    MAX_PROJECT_BYTES,
    Admission,
    admit,
    check_size,
    image_id,
    is_ignored,
)
from medloop.rules.keys import Place, Purpose, parse_key
from medloop.rules.project import Project
from medloop.rules.reasons import Reason, Refused

LESION = "l\u00e9sion"
KNEES = Project(project="knees", classes=(unicodedata.normalize("NFD", LESION), "healthy"))


def refusal_of(key: str, project: Project | None) -> Reason:
    with pytest.raises(Refused) as refusal:
        admit(parse_key(key), project)
    return refusal.value.reason


def test_an_image_without_a_project_waits_for_it() -> None:
    assert refusal_of("knees/images/a.png", None) is Reason.UNKNOWN_PROJECT


def test_a_folder_that_is_no_class_waits_for_one() -> None:
    assert refusal_of("knees/labelled/torn/a.png", KNEES) is Reason.UNKNOWN_CLASS


def test_classes_differ_by_case() -> None:
    assert refusal_of("knees/labelled/Healthy/a.png", KNEES) is Reason.UNKNOWN_CLASS


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_label_is_spelt_as_the_project_spells_it(form: str) -> None:
    key = f"knees/labelled/{unicodedata.normalize(form, LESION)}/a.png"
    assert admit(parse_key(key), KNEES).label == KNEES.classes[0]


@pytest.mark.parametrize(
    ("key", "wanted"),
    [("knees/predict/a", True), ("knees/images/a", True), ("knees/labelled/healthy/a", False)],
)
def test_only_images_without_an_answer_are_predicted(key: str, wanted: bool) -> None:
    assert admit(parse_key(key), KNEES).wants_prediction is wanted


def test_an_admission_says_all_that_follows() -> None:
    admission = admit(parse_key("knees/predict/a"), KNEES)
    assert admission == Admission("knees", Purpose.PREDICT, None, wants_prediction=True)


@pytest.mark.parametrize(
    ("purpose", "size", "reason"),
    [
        (Purpose.IMAGES, 0, Reason.EMPTY),
        (Purpose.PROJECT, 0, Reason.EMPTY),
        (Purpose.IMAGES, MAX_IMAGE_BYTES + 1, Reason.TOO_LARGE),
        (Purpose.PROJECT, MAX_PROJECT_BYTES + 1, Reason.TOO_LARGE),
        (Purpose.FOLDER, 10, Reason.MISPLACED),
    ],
)
def test_sizes_out_of_bounds_are_refused(purpose: Purpose, size: int, reason: Reason) -> None:
    with pytest.raises(Refused) as refusal:
        check_size(Place("knees", purpose), size)
    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    ("purpose", "size"), [(Purpose.IMAGES, MAX_IMAGE_BYTES), (Purpose.PROJECT, MAX_PROJECT_BYTES)]
)
def test_sizes_up_to_the_limit_are_fine(purpose: Purpose, size: int) -> None:
    check_size(Place("knees", purpose), size)


def test_empty_folder_markers_are_ignored() -> None:
    assert is_ignored(parse_key("knees/images/"), 0)
    assert not is_ignored(parse_key("knees/images/"), 5)
    assert not is_ignored(parse_key("knees/images/a"), 0)


def test_an_object_version_has_one_id() -> None:
    assert image_id("b", "k", "v") == image_id("b", "k", "v") == "31b60cc0b81fcf4a6c39ce59fa6eed93"


def test_other_object_versions_have_other_ids() -> None:
    names = [
        ("a", "b/c", "v"),
        ("a/b", "c", "v"),
        ("a", "b/c", "w"),
        ("a", "B/c", "v"),
        ("a", "b/c\ud800", "v"),
    ]
    ids = {image_id(*name) for name in names}
    assert len(ids) == len(names)
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)
