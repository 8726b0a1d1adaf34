"""Recipes as plain functions: a new experiment starts from another and changes a line.

`debug` takes a minute on a CPU, `small` minutes on a GPU, `best` is what reaches the published accuracies.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from pydantic import ValidationError

from events.dataset import Task
from medloop.rules.recipe import Augmentation, Recipe, ResNet, UNet

RecipeName = Literal["debug", "small", "best"]
Dims = Literal[2, 3]


class InvalidRecipe(ValueError):
    """There is no such recipe, or its overrides contradict each other; the text says which and why."""


def debug_pictures() -> Recipe:
    return Recipe(
        name="debug",
        task="classification",
        spatial_dims=2,
        size=64,
        network=ResNet(planes=(16, 32, 64, 128), layers=(1, 1, 1, 1), stem_stride=2),
        augmentation=Augmentation(
            degrees=15,
            zoom=0.15,
            aspect=0.1,
            shear=0.1,
            shift=0.1,
            contrast=0.3,
            gamma=0.3,
            noise=0.03,
            cutout=0.25,
            share=0.8,
        ),
        epochs=12,
        batch=64,
        least_batches=32,
        most_batches=128,
        learning_rate=3e-3,
        weight_decay=0.05,
        label_smoothing=0.1,
        balance=True,
        ema=0.99,
        patience=12,
        checkpoint_seconds=30,
    )


def small_pictures() -> Recipe:
    """Finer images and a wider network; minutes on a GPU, an hour on a few cores."""
    return debug_pictures().but(
        name="small",
        size=128,
        network=ResNet(planes=(32, 64, 128, 256), layers=(1, 1, 1, 1), stem_stride=2),
        epochs=40,
        most_batches=None,
        patience=15,
        checkpoint_seconds=60,
    )


def best_pictures() -> Recipe:
    return small_pictures().but(
        name="best",
        network=ResNet(planes=(64, 128, 256, 512), layers=(2, 2, 2, 2), stem_stride=2),
        epochs=80,
        ema=0.998,
        schedule="one_cycle",
        patience=80,
    )


def debug_volumes() -> Recipe:
    return debug_pictures().but(
        spatial_dims=3,
        size=48,
        network=ResNet(planes=(8, 16, 32, 64), layers=(1, 1, 1, 1), stem_stride=2),
        augmentation=debug_pictures().augmentation.model_copy(update={"degrees": 10, "zoom": 0.1}),
        batch=8,
        least_batches=24,
        most_batches=64,
        epochs=16,
        patience=16,
    )


def small_volumes() -> Recipe:
    return debug_volumes().but(
        name="small",
        size=96,
        network=ResNet(planes=(16, 32, 64, 128), layers=(1, 1, 1, 1), stem_stride=2),
        epochs=40,
        most_batches=None,
        patience=15,
        checkpoint_seconds=60,
    )


def best_volumes() -> Recipe:
    return small_volumes().but(
        name="best",
        network=ResNet(planes=(32, 64, 128, 256), layers=(2, 2, 2, 2), stem_stride=2),
        epochs=100,
        ema=0.998,
        schedule="one_cycle",
        patience=100,
    )


def debug_structures() -> Recipe:
    """Structures in volumes."""
    return Recipe(
        name="debug",
        task="segmentation",
        spatial_dims=3,
        size=64,
        network=UNet(filters=(32, 64, 128), stem_stride=2),
        augmentation=Augmentation(degrees=15, zoom=0.15, shift=0.1, contrast=0.2, gamma=0.2, share=0.8),
        epochs=16,
        batch=4,
        least_batches=16,
        most_batches=32,
        learning_rate=4e-3,
        schedule="one_cycle",
        weight_decay=1e-4,
        clip=12.0,
        ema=0.95,
        patience=16,
        checkpoint_seconds=30,
    )


def small_structures() -> Recipe:
    """At full resolution; minutes on a GPU, a quarter of an hour on a core for small volumes."""
    return debug_structures().but(
        name="small",
        size=128,
        network=UNet(filters=(16, 32, 64, 128)),
        epochs=80,
        most_batches=None,
        ema=0.99,
        patience=80,
        checkpoint_seconds=60,
    )


def best_structures() -> Recipe:
    return small_structures().but(
        name="best",
        network=UNet(filters=(32, 64, 128, 256, 320), deep_supervision=2),
        epochs=150,
        ema=0.995,
        patience=150,
    )


def debug_outlines() -> Recipe:
    """Structures in pictures."""
    return debug_structures().but(
        spatial_dims=2, size=128, network=UNet(filters=(32, 64, 128, 256), stem_stride=2), batch=8
    )


def small_outlines() -> Recipe:
    return debug_outlines().but(
        name="small",
        size=256,
        epochs=80,
        most_batches=None,
        ema=0.99,
        patience=80,
        checkpoint_seconds=60,
    )


def best_outlines() -> Recipe:
    return small_outlines().but(
        name="best",
        size=512,
        network=UNet(filters=(32, 64, 128, 256, 512, 512), deep_supervision=2),
        epochs=200,
        ema=0.998,
        patience=200,
    )


Cookbook = Mapping[tuple[str, int, str], Callable[[], Recipe]]

RECIPES: Final[Cookbook] = {
    ("classification", 2, "debug"): debug_pictures,
    ("classification", 2, "small"): small_pictures,
    ("classification", 2, "best"): best_pictures,
    ("classification", 3, "debug"): debug_volumes,
    ("classification", 3, "small"): small_volumes,
    ("classification", 3, "best"): best_volumes,
    ("segmentation", 3, "debug"): debug_structures,
    ("segmentation", 3, "small"): small_structures,
    ("segmentation", 3, "best"): best_structures,
    ("segmentation", 2, "debug"): debug_outlines,
    ("segmentation", 2, "small"): small_outlines,
    ("segmentation", 2, "best"): best_outlines,
}
"""By task, dimensions and name. Multi-label trains as classification does, but for its loss."""


def choose_recipe(
    task: Task, spatial_dims: int, name: str, overrides: Mapping[str, Any], recipes: Cookbook = RECIPES
) -> Recipe:
    """The named recipe for this task, with some fields overridden.

    Raises:
        InvalidRecipe: there is none of this name, or the overrides are wrong.
    """
    like = "classification" if task == "multilabel" else task
    found = recipes.get((like, spatial_dims, name))
    if found is None:
        names = sorted(name for kind, dims, name in recipes if (kind, dims) == (like, spatial_dims))
        raise InvalidRecipe(f"recipe: there is no {name!r}; choose one of {', '.join(names)}")
    if fixed := {"name", "task", "spatial_dims"} & set(overrides):
        raise InvalidRecipe(f"overrides: {', '.join(sorted(fixed))} cannot be overridden")
    try:
        return found().but(task=task, **overrides)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        told = (_sentence(fault["loc"], _WORDS.get(fault["type"], fault["msg"])) for fault in faults)
        raise InvalidRecipe("; ".join(told)) from None


def check_start(recipe: Recipe, start: str | None) -> None:
    """Raises InvalidRecipe: nothing shall be learnt, and there is nothing to judge."""
    if not recipe.epochs and not start:
        raise InvalidRecipe("overrides: epochs: 0 judges the weights to start from, and there are none")


_WORDS: Final = {"extra_forbidden": "there is no such field"}
"""Where pydantic's own words say nothing to who writes a recipe."""


def _sentence(where: tuple[int | str, ...], what: str) -> str:
    # A rule over several fields names them itself.
    return ".".join(["overrides", *map(str, where)]) + ": " + what.removeprefix("Value error, ")
