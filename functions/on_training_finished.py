"""A training job ended: judge the challenger and register it, launch it again, or say why it failed."""

from typing import Literal

from events.evaluation import Evaluation
from events.training import TrainingJobStateChanged
from medloop.aws import evidence, objects, registry, training_jobs
from medloop.aws.door import door, logger
from medloop.aws.training_jobs import TrainingJob
from medloop.catalogue.jobs import CANCELLED, ENDED, Job, job_launched_as, wait_for_launch
from medloop.catalogue.models import Model, add_model, champion, get_model, set_model_state
from medloop.catalogue.projects import get_project
from medloop.catalogue.secret import Connection
from medloop.jobs import ask_again, end_job, fail_job, tell_of_wait
from medloop.platform import catalogue, now
from medloop.rules.capacity import ended_for_want_of_capacity, next_launch, wait_seconds
from medloop.rules.deployment import endpoint_name
from medloop.rules.gate import Verdict, judge, told_honestly
from medloop.settings import settings

DOOR_SECONDS = 60
"""The longest that this door may take."""

LIMITS = {
    "MaxRuntimeExceeded": "it reached the longest time, or the highest cost, that the project allows",
    "MaxWaitTimeExceeded": "spare machines did not come, or did not stay, for long enough",
}
"""Why SageMaker stopped a job, by secondary status."""


def on_training_finished(body: str) -> None:
    change = TrainingJobStateChanged.model_validate_json(body).detail
    job = catalogue().read(lambda conn: job_launched_as(conn, change.job))
    truth = training_jobs.describe(change.job)
    if job is None or truth is None:
        logger.warning("no such training job in the catalogue, or an earlier launch of one", job=change.job)
    elif job.state in ENDED:
        logger.info("training job ended before", job=job.name)
    elif truth.status == "Completed":
        completed(job, truth.artefact)
    elif job.cancelled_at is not None and truth.status in ("Failed", "Stopped"):
        end_job(job, "stopped", "stopped", CANCELLED)
    elif never_had_machines(truth):
        launch_again(job, truth.failure_reason or LIMITS["MaxWaitTimeExceeded"])
    elif truth.status == "Failed":
        fail_job(job, truth.failure_reason or "SageMaker gave no reason")
    elif truth.status == "Stopped":
        reason = LIMITS.get(truth.secondary_status, "it was stopped at SageMaker")
        end_job(job, "stopped", "stopped", truth.failure_reason or reason)


def never_had_machines(truth: TrainingJob) -> bool:
    return ended_for_want_of_capacity(
        truth.status, truth.secondary_status, truth.failure_reason, truth.trained
    )


def launch_again(job: Job, why: str) -> None:
    """Under a new name, because SageMaker keeps the old one.

    The message goes first: should this door end in between, the event comes again and repeats both. It must
    not arrive before the catalogue is ready for it.
    """
    launches = (job.launches or 0) + 1
    name = next_launch(job.name, launches)
    seconds = max(DOOR_SECONDS, wait_seconds("no capacity", launches - 1, job.name))
    ask_again(job, launches, seconds)
    said = f"no capacity, launch {launches}, the next {seconds} s later: {why}"[:500]
    catalogue().run(lambda conn: wait_for_launch(conn, job.name, launches, name, said))
    tell_of_wait(job, "no capacity", why)


def completed(job: Job, artefact: str) -> None:
    try:
        evaluation = training_jobs.read_evaluation(settings().models_bucket, job.sagemaker_name)
    except training_jobs.NoEvaluation as error:
        fail_job(job, str(error))
        return
    model = remember(job, objects.parse_uri(artefact)[1], evaluation)
    evidence.publish(settings().models_bucket, job.sagemaker_name, job.project, job.model_version)
    # Judged once: when this is repeated after a crash, the champion may be this very model.
    verdict = judged(model) or decide(job.project, evaluation)
    register(model, evaluation, verdict)
    end_job(job, "completed", "promoted" if verdict.promote else "refused", verdict.reason, evaluation)


def remember(job: Job, artefact: str, evaluation: Evaluation) -> Model:
    """The model of this job as the catalogue has it, added if it is new."""
    scores = told_honestly(evaluation).challenger.model_dump_json()
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


handler = door(on_training_finished)
