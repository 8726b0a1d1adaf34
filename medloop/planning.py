"""A training job planned from what the catalogue and this deployment know now; who sends it is left open."""

from typing import Any

from events.training import TrainingRequested
from medloop.catalogue.models import champion
from medloop.platform import catalogue, training_platform
from medloop.rules.project import Project
from medloop.rules.training_plan import Champion, Platform, training_job
from medloop.settings import settings


def planned(
    wanted: TrainingRequested, name: str, project: Project, version: int, platform: Platform | None = None
) -> dict[str, Any]:
    """The arguments of CreateTrainingJob, for the launch of this name.

    Raises:
        TooLittleMoney: the project's cost cap does not pay for a training.
    """
    where = platform or training_platform(settings())
    return training_job(wanted, name, project, version, opponent(project.project), where)


def opponent(project: str) -> Champion | None:
    """The champion of now, to be scored on the same images in the same job."""
    model = catalogue().read(lambda conn: champion(conn, project))
    if model is None:
        return None
    return Champion(model.version, f"s3://{settings().models_bucket}/{model.artefact}")
