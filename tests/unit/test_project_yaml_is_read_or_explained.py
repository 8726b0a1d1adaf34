"""project.yaml: few fields, clear errors."""

import pytest

from medloop.rules.project import InvalidProject, parse_project


def test_classes_alone_are_enough() -> None:
    project = parse_project("classes: [normal, pneumonia]", "chest")
    assert (project.project, project.classes) == ("chest", ("normal", "pneumonia"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("classes: [a, b]\ntraning: {}", "traning"),
        ("classes: [a]", "classes"),
        ("classes: [a, a]", "once"),
        ("classes: [a, b]\nproject: other", "folder"),
        ("classes: [a, b]\ngate: {minimum_accuracy: 2}", "gate.minimum_accuracy"),
        ("classes: [a, b]\ntraining: {recipe: huge}", "training.recipe"),
        ("- a\n- b", "field: value"),
        ("classes: [a, b", "YAML"),
        ("!!python/object/apply:os.system ['true']", "YAML"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    with pytest.raises(InvalidProject, match=says):
        parse_project(text, "chest")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidProject):
        parse_project(b"\xff\xfe\x00", "chest")
