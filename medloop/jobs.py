"""A training job's turns that several doors take: it waits for machines, it ends."""

from typing import Literal

from aws_lambda_powertools.metrics import MetricUnit

from events.alarms import AlertRaised
from events.evaluation import Evaluation
from events.training import TrainingFinished, TrainingRequested
from medloop.aws import queues
from medloop.aws.announcements import announce, raise_alert
from medloop.aws.door import logger, metrics
from medloop.catalogue.jobs import Job, JobState, job_counts, note_alert, set_job_state
from medloop.platform import catalogue, now
from medloop.rules.capacity import Shortage, is_overdue
from medloop.settings import settings

METRICS: dict[Shortage, str] = {"throttled": "TrainingThrottled", "no capacity": "TrainingWithoutCapacity"}


def ask_again(job: Job, attempt: int, seconds: int) -> None:
    """The wish for this job, as a new message: waiting must not use up the attempts of the present one."""
    again = TrainingRequested.model_validate(
        {
            "project": job.project,
            "dataset": job.dataset,
            "job": job.name,
            "cause": job.cause,
            "attempt": attempt,
        }
    )
    queues.send(settings().training_requests_queue_url, again, delay_seconds=seconds)


def tell_of_wait(job: Job, shortage: Shortage, why: str) -> None:
    """In metrics and log; to people once, when it has lasted for `capacity_alert_hours`."""
    metrics.add_metric(METRICS[shortage], MetricUnit.Count, 1)
    measure_backlog()
    logger.info("training job waits", job=job.name, project=job.project, shortage=shortage)
    hours = settings().capacity_alert_hours
    if job.alerted_at is None and is_overdue(job.requested_at, now(), hours):
        alert = AlertRaised(
            name="training waits for capacity",
            severity="warning",
            summary=f"{job.name} has waited for more than {hours:g} h and goes on waiting: {why}"[:500],
            project=job.project,
            dedup=f"capacity-{job.name}",
        )
        raise_alert(settings().alarms_topic_arn, alert)
        catalogue().run(lambda conn: note_alert(conn, job.name, now()))


def measure_backlog() -> None:
    """How many jobs wait for machines, of all projects."""
    waiting = catalogue().read(lambda conn: job_counts(conn)).get("waiting_capacity", 0)
    metrics.add_metric("TrainingBacklog", MetricUnit.Count, waiting)


def fail_job(job: Job, reason: str) -> None:
    alert = AlertRaised(
        name="training failed",
        severity="warning",
        summary=f"{job.name}: {reason}"[:500],
        project=job.project,
        dedup=job.name,
    )
    raise_alert(settings().alarms_topic_arn, alert)
    end_job(job, "failed", "failed", reason)


def end_job(
    job: Job,
    state: JobState,
    outcome: Literal["promoted", "refused", "failed", "stopped"],
    reason: str,
    evaluation: Evaluation | None = None,
) -> None:
    evidence = None if evaluation is None else evaluation.model_dump_json()
    catalogue().run(lambda conn: set_job_state(conn, job.name, state, now(), reason, evidence))
    fact = TrainingFinished(project=job.project, job=job.name, outcome=outcome, reason=reason)
    announce(settings().event_bus_name, fact)
    logger.info("training finished", job=job.name, project=job.project, outcome=outcome, reason=reason)
