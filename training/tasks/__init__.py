"""What is learnt: each task says how its images are prepared, sampled, scored and judged."""

from events.dataset import Task as TaskName
from medloop.rules.recipe import Recipe
from training.tasks.classification import Classification, MultiLabel
from training.tasks.segmentation import Segmentation
from training.tasks.task import Task, Validation

__all__ = ["Task", "Validation", "task_of"]

_TASKS: dict[TaskName, type[Task]] = {
    "classification": Classification,
    "multilabel": MultiLabel,
    "segmentation": Segmentation,
}


def task_of(recipe: Recipe, classes: tuple[str, ...]) -> Task:
    return _TASKS[recipe.task](recipe, classes)
