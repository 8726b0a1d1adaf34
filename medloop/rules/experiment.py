"""An experiment: the job that the loop would start, with some settings changed, and apart from the loop.

Its model is never registered, judged or served by itself: no rule of the stack listens to its name, and the
catalogue does not know it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from medloop.rules.project import Project, Training
from medloop.rules.recipes import RecipeName
from medloop.rules.training_plan import Platform

NAME_LENGTH = 63
"""All that SageMaker allows: whoever would append something to the name finds no room."""


class InvalidExperiment(ValueError):
    """The changes contradict the project or each other; the text says which and why."""


@dataclass(frozen=True)
class Changes:
    """None leaves a setting as the project, or the deployment, has it."""

    recipe: RecipeName | None = None
    """Starts from this recipe's own values: the project's overrides were made for another."""
    overrides: Mapping[str, Any] | None = None
    seed: int | None = None
    max_minutes: int | None = None
    """In place of both caps of the project."""
    instance_type: str | None = None


def experiment_name(stage: str, project: str, occasion: str) -> str:
    """As long as SageMaker allows. Jobs of the loop begin with `medloop-`, and what listens to them looks
    for that.

    >>> experiment_name("dev", "chest", "once")[:21]
    'experiment-dev-chest-'
    """
    digest = hashlib.sha256(occasion.encode()).hexdigest()
    return f"experiment-{stage}-{project}-{digest}"[:NAME_LENGTH]


def is_experiment(stage: str, name: str) -> bool:
    """
    >>> is_experiment("dev", "medloop-dev-chest-0123456789ab")
    False
    """
    return name.startswith(f"experiment-{stage}-") and len(name) == NAME_LENGTH


def changed_project(project: Project, changes: Changes) -> Project:
    """The project as it would be with these settings.

    Raises:
        InvalidExperiment: no project.yaml could say this.
    """
    training = {**project.training.model_dump(), **_training_of(project.training, changes)}
    try:
        return Project.model_validate({**project.model_dump(), "training": training})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        sentences = (_sentence(fault["loc"], fault["msg"]) for fault in faults)
        raise InvalidExperiment("; ".join(sentences)) from None


def _sentence(place: tuple[int | str, ...], what: str) -> str:
    """What no single field is to blame for names its fields itself."""
    text = what.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {text}" if place else text


def _training_of(training: Training, changes: Changes) -> dict[str, Any]:
    before = training.overrides if changes.recipe is None else {}
    wanted = {
        "recipe": changes.recipe,
        "overrides": {**before, **(changes.overrides or {})},
        "seed": changes.seed,
        "max_minutes": changes.max_minutes,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return given if changes.max_minutes is None else {**given, "max_cost_usd": None}


def changed_platform(platform: Platform, project: Project, changes: Changes) -> Platform:
    """The deployment with another machine.

    Raises:
        InvalidExperiment: the project's cost cap binds, and the price of that machine is not known here.
    """
    machine = changes.instance_type
    if machine is None or machine == platform.instance_type:
        return platform
    if project.training.max_cost_usd is not None and changes.max_minutes is None:
        raise InvalidExperiment(f"what {machine} costs is not known, and training.max_cost_usd is to be kept")
    return replace(platform, instance_type=machine)


def marked(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The plan with a tag by which people, and bills, tell experiments from the loop's jobs."""
    return {**plan, "Tags": [*plan["Tags"], {"Key": "medloop:experiment", "Value": "true"}]}
