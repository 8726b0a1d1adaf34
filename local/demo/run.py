"""The demo's stages, in the order in which they happen."""

import io
import json
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from events.evaluation import Evaluation
from events.training import RetrainingConsidered
from local.demo.answers import Answer, judge
from local.demo.images import DemoImages, Unseen
from local.demo.report import Report
from medloop.aws import objects, queues
from medloop.aws.clients import client
from medloop.catalogue.jobs import Job, latest_job, list_jobs
from medloop.catalogue.models import champion, get_model
from medloop.catalogue.projects import get_project
from medloop.catalogue.uploads import Upload, upload_counts
from medloop.cli.uploads import Sent, Transfer, answers, send, verdicts
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue
from medloop.settings import Settings

PROJECT = "demo"

JOB_LOGS = "/aws/sagemaker/TrainingJobs"


class DemoFailed(RuntimeError):
    """A stage did not reach its end; the text says what to look at."""


@dataclass
class Stopwatch:
    console: Console
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        self.console.rule(f"[bold]{name}", align="left", style="dim")
        yield
        self.seconds[name] = round(time.monotonic() - started, 2)


@dataclass
class Outcome:
    """What the stages leave for report and picture."""

    job: Job
    evaluation: Evaluation
    history: list[dict[str, Any]]
    asked: int
    """Images under predict/ that were accepted."""
    answers: list[Answer]
    quarantined: Counter[str]


def create_project(settings: Settings, images: DemoImages, epochs: int | None) -> None:
    """Upload project.yaml and wait until the platform knows it."""
    training = {"recipe": "debug"} | ({} if epochs is None else {"overrides": {"epochs": epochs}})
    definition = {
        "task": images.task,
        "spatial_dims": images.spatial_dims,
        "classes": list(images.classes),
        "training": training,
        # However few images somebody tries this with, the gate is to speak about the score.
        "gate": {"minimum_test_items": 1},
        "retraining": {"every_days": None, "after_new_labels": None},
    }
    text = yaml.safe_dump(definition, sort_keys=False)
    objects.write(settings.uploads_bucket, f"{PROJECT}/project.yaml", text.encode())
    wait_for("the project", lambda: catalogue().read(lambda conn: get_project(conn, PROJECT)) is not None)


def upload(images: DemoImages) -> Counter[str]:
    """Upload everything labelled, and the bad files; wait for every verdict. Counts refusals by reason."""
    transfers = [Transfer(file, f"{PROJECT}/{place}") for place, file in images.labelled + images.bad]
    return refusals(verdicts(send(transfers)))


def refusals(rows: dict[str, Upload]) -> Counter[str]:
    return Counter(row.reason or "" for row in rows.values() if row.state == "quarantined")


def train(settings: Settings, console: Console) -> Job:
    """Ask for a training, show its epochs while it runs, and return the ended job."""
    request = RetrainingConsidered(project=PROJECT, cause="person", request="demo")
    queues.send(settings.retraining_checks_queue_url, request)
    wait_for("the job to start", lambda: newest_job() is not None)
    seen: set[str] = set()
    while (job := newest_job()) is None or job.finished_at is None:
        if job is not None:
            show_epochs(console, job.name, seen)
        time.sleep(1.0)
    show_epochs(console, job.name, seen)
    if job.state != "completed":
        raise DemoFailed(f"the training job ended as {job.state}: {job.reason}")
    console.print(f"the gate: {job.reason}", highlight=False, soft_wrap=True)
    return job


def newest_job() -> Job | None:
    return catalogue().read(lambda conn: latest_job(conn, PROJECT))


def show_epochs(console: Console, job: str, seen: set[str]) -> None:
    """Print the epochs that the job's log has gained."""
    logs = client("logs")
    try:
        found = logs.filter_log_events(logGroupName=JOB_LOGS, logStreamNamePrefix=job)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return
    for event in found:
        line = event["message"].strip()
        if line.startswith("epoch=") and line not in seen:
            seen.add(line)
            console.print(line, highlight=False, soft_wrap=True)


def wait_for_champion(job: Job) -> None:
    """Return when the model serves. Raises DemoFailed when the gate refused it."""
    model = catalogue().read(lambda conn: get_model(conn, PROJECT, job.model_version))
    if model is None or model.state == "refused":
        raise DemoFailed(f"the gate refused the model: {job.reason}")
    wait_for("the endpoint", lambda: catalogue().read(lambda conn: champion(conn, PROJECT)) is not None, 300)


def predict(images: DemoImages, settings: Settings) -> tuple[int, list[Answer], Counter[str]]:
    """Drop the unseen images under predict/ and judge the answers to those that were accepted.

    Returns how many were accepted, the answers that came, and the refusals by reason.
    """
    transfers = [
        Transfer(one.file, f"{PROJECT}/predict/{number:04d}{''.join(one.file.suffixes)}")
        for number, one in enumerate(images.unseen)
    ]
    sent = send(transfers)
    rows = verdicts(sent)
    pairs = zip(images.unseen, sent, strict=True)
    asked = [(unseen, one) for unseen, one in pairs if rows[one.upload].state == "accepted"]
    return len(asked), judged(asked, settings), refusals(rows)


def judged(asked: list[tuple[Unseen, Sent]], settings: Settings) -> list[Answer]:
    said = answers([one.upload for _, one in asked])
    return [
        judge(unseen, answer, settings)
        for unseen, one in asked
        if (answer := said.get(one.upload)) is not None and answer.state == "done"
    ]


def read_history(settings: Settings, job: Job) -> list[dict[str, Any]]:
    """The epochs, out of the job's output.tar.gz."""
    archive = objects.read(settings.models_bucket, f"jobs/{job.sagemaker_name}/output/output.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        member = next(entry for entry in tar if Path(entry.name).name == "history.json")
        content = tar.extractfile(member)
        return list(json.load(content)) if content is not None else []


def count(settings: Settings, outcome: Outcome, seconds: dict[str, float], total: float) -> Report:
    """Count what lies where; nothing here is remembered from the stages but what was asked."""
    states = catalogue().read(lambda conn: upload_counts(conn))
    jobs = catalogue().read(lambda conn: list_jobs(conn, PROJECT))
    dead = [d for d in queues.depths(f"medloop-{settings.stage}-intake-dlq")]
    evaluation = outcome.evaluation
    scores = [answer.score for answer in outcome.answers]
    return Report(
        uploaded=sum(1 for _ in objects.list_versions(settings.uploads_bucket)),
        accepted=states.get("accepted", 0),
        quarantined=states.get("quarantined", 0),
        ignored=states.get("ignored", 0),
        in_flight=states.get("received", 0),
        dead_lettered=sum(depth.waiting + depth.in_flight for depth in dead),
        training_jobs=len(jobs),
        metric=evaluation.metric,
        test_items=evaluation.test_items,
        test_score=evaluation.challenger.value,
        baseline=evaluation.baseline_name,
        baseline_score=evaluation.baseline.value,
        gate=outcome.job.reason or "",
        predictions_requested=outcome.asked,
        predictions=len(scores),
        predictions_score=sum(scores) / len(scores) if scores else 0.0,
        quarantined_by_reason=dict(outcome.quarantined),
        seconds_total=round(total, 2),
        seconds_by_stage=seconds,
    )
