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
        ("classes: [a, b]\ngate: {minimum_score: 2}", "gate.minimum_score"),
        ("classes: [a, b]\ntraining: {recipe: huge}", "training.recipe"),
        ("classes: [a, b]\ntraining: {overrides: {epochs: -1}}", "training: overrides.epochs"),
        ("classes: [a, b]\ntraining: {overrides: {epochs: 0}}", "epochs: 0 judges the weights"),
        ("classes: [a, b]\ntraining: {overrides: {colour: red}}", "a recipe has no colour"),
        ("classes: [a, b]\ntraining: {overrides: {self: 1}}", "a recipe has no self"),
        ("classes: [a, b]\ntraining: {overrides: {task: segmentation}}", "cannot be overridden"),
        ("classes: [a, b]\ntraining: {overrides: {learning_rate: .inf}}", "JSON"),
        ("classes: [a, b]\ntraining: {overrides: {epochs: 2026-01-01}}", "training.overrides.epochs"),
        ("classes: [a, b]\ntraining: {overrides: 3}", "training.overrides"),
        ("classes: [a, b]\ntraining: {overrides: 3, epochs: 4}", "training.overrides"),
        ("classes: [a, b]\ntraining: {max_cost_usd: 0}", "training.max_cost_usd"),
        ("classes: [a, b]\ntraining: {instance_count: 9}", "training.instance_count"),
        ("classes: [a]\ntask: segmentation\ntraining: {overrides: {label_smoothing: 0.1}}", "Dice"),
        ("classes: [a, b]\ntask: regression", "task"),
        ("classes: []\ntask: multilabel", "classes"),
        ("- a\n- b", "field: value"),
        ("classes: [a, b", "YAML"),
        ("!!python/object/apply:os.system ['true']", "YAML"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    with pytest.raises(InvalidProject, match=says):
        parse_project(text, "chest")


@pytest.mark.parametrize("task", ["multilabel", "segmentation"])
def test_one_class_is_enough_where_it_is_there_or_not(task: str) -> None:
    assert parse_project(f"classes: [nodule]\ntask: {task}\nspatial_dims: 3", "chest").task == task


def test_a_class_of_several_may_not_hold_what_parts_them() -> None:
    text = "task: multilabel\nclasses: [effusion, 'mass|nodule']"
    with pytest.raises(InvalidProject, match="no name may hold it"):
        parse_project(text, "chest")


def test_overrides_that_no_job_can_carry_are_refused() -> None:
    lots = ", ".join(f"name{number}: 1" for number in range(500))
    with pytest.raises(InvalidProject, match="too long"):
        parse_project(f"classes: [a, b]\ntraining: {{overrides: {{{lots}}}}}", "chest")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidProject):
        parse_project(b"\xff\xfe\x00", "chest")
