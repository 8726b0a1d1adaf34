"""Recipes are checked when they are made, and the learning rate follows them."""

import json

import pytest
import torch
from pydantic import ValidationError

from medloop.rules.project import Training
from medloop.rules.recipes import RECIPES, InvalidRecipe, choose_recipe
from medloop.rules.recipes import debug_pictures as debug
from training.data.pool import Pool
from training.data.preprocessing import Canvas, Intensities
from training.fit import decayed
from training.gpu import metric_line
from training.network import half_precision
from training.schedule import balanced_order, learning_rate, sample_order
from training.tasks import task_of


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", 60),
        ("epochs", -1),
        ("learning_rate", -1),
        ("learnign_rate", 1),
        ("network", {"planes": (10, 16, 32, 64), "layers": (1, 1, 1, 1), "stem_stride": 1}),
    ],
)
def test_a_contradictory_recipe_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        debug().but(**{field: value})


def test_every_recipe_a_project_may_name_exists_for_every_task() -> None:
    named = Training.model_fields["recipe"].annotation.__args__
    for task in ("classification", "multilabel", "segmentation"):
        for dims in (2, 3):
            for name in named:
                recipe = choose_recipe(task, dims, name, {})
                assert (recipe.task, recipe.spatial_dims, recipe.name) == (task, dims, name)
    assert {name for _, _, name in RECIPES} == set(named)


def test_overrides_replace_the_recipes_own_values() -> None:
    assert choose_recipe("classification", 2, "debug", {"epochs": 3}) == debug().but(epochs=3)
    with pytest.raises(InvalidRecipe, match="there is no 'none'"):
        choose_recipe("classification", 2, "none", {})
    with pytest.raises(InvalidRecipe, match="learnign_rate"):
        choose_recipe("classification", 2, "debug", {"learnign_rate": 1})
    with pytest.raises(InvalidRecipe, match="segmentation takes a UNet"):
        choose_recipe("segmentation", 3, "debug", {"network": debug().network.model_dump()})


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    rates = [learning_rate(debug(), step, 100) for step in range(100)]
    assert max(rates) == rates[9] == pytest.approx(debug().learning_rate)
    assert rates[:10] == sorted(rates[:10])
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] < debug().learning_rate / 100


def test_rare_classes_weigh_more_but_not_without_bound() -> None:
    task = task_of(debug().but(balance=False), ("a", "b", "c"))
    pool = Pool((), ("",) * 100, ("",) * 100, torch.tensor([0] * 98 + [1] + [2]))
    assert task.weigh(pool).tolist() == pytest.approx([100 / 294, 10, 10])


def test_a_balanced_epoch_shows_every_class_equally_often_and_no_image_of_it_twice_before_all_of_it() -> None:
    classes = torch.tensor([0] * 90 + [1] * 10)
    order = balanced_order(classes, seed=0, epoch=0)
    counts = torch.bincount(order, minlength=100)
    assert counts[:90].sum() == counts[90:].sum() == 50
    assert counts[:90].max() == 1
    assert counts[90:].tolist() == [5] * 10
    assert balanced_order(classes, seed=0, epoch=1).tolist() != order.tolist()


def test_where_classes_are_drawn_equally_often_none_weighs_more() -> None:
    task = task_of(debug(), ("a", "b"))
    pool = Pool((), ("",) * 100, ("",) * 100, torch.tensor([0] * 98 + [1] * 2))
    assert task.weigh(pool).tolist() == [1, 1]


def test_weight_decay_leaves_biases_and_scales_alone() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.LayerNorm(3))
    pulled, free = decayed(network, 0.1)
    assert [tuple(one.shape) for one in pulled["params"]] == [(3, 2)]
    assert (pulled["weight_decay"], free["weight_decay"], len(free["params"])) == (0.1, 0.0, 3)


def test_tiny_feature_maps_are_computed_in_full() -> None:
    cpu, network = torch.device("cpu"), debug().network
    small, large = (
        Canvas(spatial_dims=2, channels=1, size=side, intensities=Intensities()) for side in (32, 64)
    )
    assert half_precision(cpu, network, small) is None
    able = torch.cpu.get_capabilities()
    has = able.get("avx512_bf16") or able.get("amx_bf16")
    assert half_precision(cpu, network, large) == (torch.bfloat16 if has else None)


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
