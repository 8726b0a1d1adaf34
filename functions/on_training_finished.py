"""A training job ended: judge the challenger and register it, or say why it failed."""

from typing import Literal

from events.alarms import AlertRaised
from events.evaluation import Evaluation
from events.training import TrainingFinished, TrainingJobStateChanged
from medloop.aws import objects, registry, training_jobs
from medloop.aws.announcements import announce, raise_alert
from medloop.aws.door import door, logger
from medloop.catalogue.jobs import ENDED, Job, JobState, get_job, set_job_state
from medloop.catalogue.models import Model, add_model, champion, get_model, set_model_state
from medloop.catalogue.projects import get_project
from medloop.catalogue.secret import Connection
from medloop.platform import catalogue, now
from medloop.rules.deployment import endpoint_name
from medloop.rules.gate import Verdict, judge
from medloop.settings import settings


def on_training_finished(body: str) -> None:
    change = TrainingJobStateChanged.model_validate_json(body).detail
    job = catalogue().read(lambda conn: get_job(conn, change.job))
    truth = training_jobs.describe(change.job)
    if job is None or truth is None:
        logger.warning("no such training job in the catalogue", job=change.job)
    elif job.state in ENDED:
        logger.info("training job ended before", job=job.name)
    elif truth.status == "Completed":
        completed(job, truth.artefact)
    elif truth.status == "Failed":
        failed(job, truth.failure_reason or "SageMaker gave no reason")
    elif truth.status == "Stopped":
        finish(job, "stopped", "failed", truth.failure_reason or "the job was stopped")


def completed(job: Job, artefact: str) -> None:
    try:
        evaluation = training_jobs.read_evaluation(settings().models_bucket, job.name)
    except training_jobs.NoEvaluation as error:
        failed(job, str(error))
        return
    model = remember(job, objects.parse_uri(artefact)[1], evaluation)
    # Judged once: when this is repeated after a crash, the champion may be this very model.
    verdict = judged(model) or decide(job.project, evaluation)
    register(model, evaluation, verdict)
    finish(job, "completed", "promoted" if verdict.promote else "refused", verdict.reason, evaluation)


def remember(job: Job, artefact: str, evaluation: Evaluation) -> Model:
    """The model of this job as the catalogue has it, added if it is new."""
    scores = evaluation.challenger.model_dump_json()
    model = Model(job.project, job.model_version, job.name, artefact, scores, now())
    catalogue().run(lambda conn: add_model(conn, model))
    return catalogue().read(lambda conn: get_model(conn, job.project, job.model_version)) or model


def judged(model: Model) -> Verdict | None:
    """The verdict that an earlier, interrupted run came to."""
    if model.state == "evaluated":
        return None
    return Verdict(model.state != "refused", model.gate_reason or "")


def decide(name: str, evaluation: Evaluation) -> Verdict:
    project = catalogue().read(lambda conn: get_project(conn, name))
    present = catalogue().read(lambda conn: champion(conn, name))
    if project is None:
        raise LookupError("the model's project is gone from the catalogue")
    return judge(evaluation, project.gate, None if present is None else present.version)


def register(model: Model, evaluation: Evaluation, verdict: Verdict) -> None:
    """Registry first, catalogue second, review last: its event wakes on_model_approved."""
    group = endpoint_name(settings().stage, model.project)
    registry.ensure_group(group, model.project)
    uri = f"s3://{settings().models_bucket}/{model.artefact}"
    package = registry.register(group, model.job, settings().container_image, uri, evaluation)
    catalogue().run(lambda conn: note_verdict(conn, model, verdict, package))
    registry.review(package, verdict.promote, verdict.reason)


def note_verdict(conn: Connection, model: Model, verdict: Verdict, package: str) -> bool:
    state: Literal["approved", "refused"] = "approved" if verdict.promote else "refused"
    return set_model_state(conn, model.project, model.version, state, now(), verdict.reason, package)


def failed(job: Job, reason: str) -> None:
    alert = AlertRaised(
        name="training failed",
        severity="warning",
        summary=f"{job.name}: {reason}"[:500],
        project=job.project,
        dedup=job.name,
    )
    raise_alert(settings().alarms_topic_arn, alert)
    finish(job, "failed", "failed", reason)


def finish(
    job: Job,
    state: JobState,
    outcome: Literal["promoted", "refused", "failed"],
    reason: str,
    evaluation: Evaluation | None = None,
) -> None:
    evidence = None if evaluation is None else evaluation.model_dump_json()
    catalogue().run(lambda conn: set_job_state(conn, job.name, state, now(), reason, evidence))
    fact = TrainingFinished(project=job.project, job=job.name, outcome=outcome, reason=reason)
    announce(settings().event_bus_name, fact)
    logger.info("training finished", job=job.name, project=job.project, outcome=outcome, reason=reason)


handler = door(on_training_finished)
