"""A training job is wanted: start it once, or wait for capacity."""

from events.training import TrainingRequested
from medloop.aws import queues, training_jobs
from medloop.aws.door import door, logger
from medloop.catalogue.jobs import request_job, set_job_state
from medloop.catalogue.models import champion
from medloop.catalogue.projects import get_project
from medloop.platform import catalogue, now, training_platform
from medloop.rules.training_plan import Champion, training_job
from medloop.settings import settings

CAPACITY_RETRY_SECONDS = 300


def on_training_request(body: str) -> None:
    wanted = TrainingRequested.model_validate_json(body)
    job = catalogue().run(
        lambda conn: request_job(conn, wanted.job, wanted.project, wanted.dataset, wanted.cause, now())
    )
    if job.state not in ("requested", "waiting_capacity"):
        return
    project = catalogue().read(lambda conn: get_project(conn, wanted.project))
    if project is None:
        raise LookupError("the request names a project that the catalogue does not know")
    request = training_job(
        wanted, project, job.model_version, opponent(wanted.project), training_platform(settings())
    )
    outcome = training_jobs.start(request)
    logger.info("training job", job=wanted.job, outcome=outcome)
    if outcome == "no_capacity":
        wait_for_capacity(wanted)
    else:
        catalogue().run(lambda conn: set_job_state(conn, wanted.job, "running", now()))


def opponent(project: str) -> Champion | None:
    """The champion of now, to be scored on the same images in the same job."""
    model = catalogue().read(lambda conn: champion(conn, project))
    if model is None:
        return None
    return Champion(model.version, f"s3://{settings().models_bucket}/{model.artefact}")


def wait_for_capacity(wanted: TrainingRequested) -> None:
    """Later, as a new message: waiting for a GPU must not use up the attempts of this one."""
    why = "SageMaker has no capacity or quota at the moment"
    catalogue().run(lambda conn: set_job_state(conn, wanted.job, "waiting_capacity", now(), why))
    queues.send(settings().training_requests_queue_url, wanted, delay_seconds=CAPACITY_RETRY_SECONDS)


handler = door(on_training_request)
