"""Recipes are checked when they are made, and the learning rate follows them."""

import json

import pytest
import torch
from pydantic import ValidationError

from medloop.rules.project import Training
from training.failures import TrainingFailed
from training.gpu import metric_line
from training.recipes import RECIPES, choose_recipe, debug
from training.train import class_weights, learning_rate, sample_order


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", 60),
        ("epochs", 0),
        ("learning_rate", -1),
        ("learnign_rate", 1),
        ("network", {"planes": (10, 16, 32, 64), "layers": (1, 1, 1, 1), "stem_stride": 1}),
    ],
)
def test_a_contradictory_recipe_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        debug().but(**{field: value})


def test_every_recipe_a_project_may_name_exists_and_carries_its_name() -> None:
    named = Training.model_fields["recipe"].annotation
    assert {name: make().name for name, make in RECIPES.items()} == {name: name for name in RECIPES}
    assert set(RECIPES) == set(named.__args__)


def test_epochs_asked_for_replace_the_recipes_own() -> None:
    assert choose_recipe("debug", 3, RECIPES) == debug().but(epochs=3)
    assert choose_recipe("debug", None, RECIPES) == debug()
    with pytest.raises(TrainingFailed, match="there is no 'none'"):
        choose_recipe("none", None, RECIPES)


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    rates = [learning_rate(debug(), step, 100) for step in range(100)]
    assert max(rates) == rates[9] == pytest.approx(debug().learning_rate)
    assert rates[:10] == sorted(rates[:10])
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] < debug().learning_rate / 100


def test_rare_classes_weigh_more_but_not_without_bound() -> None:
    weights = class_weights(torch.tensor([0] * 98 + [1] + [2]), 3)
    assert weights.tolist() == pytest.approx([100 / 294, 10, 10])


def test_every_epoch_sees_all_images_in_its_own_order() -> None:
    first, second = (sample_order(0, epoch, 50).tolist() for epoch in (0, 1))
    assert first != second
    assert sorted(first) == sorted(second) == list(range(50))
    assert sample_order(0, 1, 50).tolist() == second


@pytest.mark.parametrize(("stage", "dimensions"), [("dev", [["Stage"]]), (None, [[]])])
def test_gpu_utilisation_is_an_embedded_metric(stage: str | None, dimensions: list[list[str]]) -> None:
    line = json.loads(metric_line(37.5, 1_700_000_000_000, stage))
    directive = line["_aws"]["CloudWatchMetrics"][0]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Medloop", dimensions)
    assert line["GPUUtilization"] == 37.5
    assert line.get("Stage") == stage
