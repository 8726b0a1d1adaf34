"""A person stops a training job: at a terminal or through the API."""

from events.training import TrainingFinished
from medloop.aws import training_jobs
from medloop.aws.announcements import announce
from medloop.catalogue.jobs import CANCELLED, Job, cancel_job, get_job
from medloop.platform import catalogue, now
from medloop.settings import settings


def cancel(job: Job) -> Job:
    """The job as it is then: what runs keeps its last checkpoint, what waits never starts."""
    # The catalogue first: a door that starts the job in this moment finds it cancelled, and stops it too.
    catalogue().run(lambda conn: cancel_job(conn, job.name, now()))
    present = catalogue().read(lambda conn: get_job(conn, job.name)) or job
    training_jobs.stop(present.sagemaker_name)
    if present.state == "stopped":
        fact = TrainingFinished(project=job.project, job=job.name, outcome="stopped", reason=CANCELLED)
        announce(settings().event_bus_name, fact)
    return present
