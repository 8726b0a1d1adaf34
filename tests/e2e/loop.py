"""What a user does with one project, and waits for, in the words of the tests."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from events.training import RetrainingConsidered
from medloop.aws import objects, queues
from medloop.aws.clients import client
from medloop.catalogue.jobs import Job, list_jobs
from medloop.catalogue.models import Model, champion
from medloop.catalogue.predictions import Prediction, predictions_of
from medloop.catalogue.projects import get_project
from medloop.catalogue.uploads import Upload, get_upload, upload_counts
from medloop.platform import catalogue
from medloop.rules.intake import image_id
from medloop.settings import Settings


def until(what: str, reached: Callable[[], bool], seconds: float = 60.0) -> None:
    """Fails with a sentence when it never happens."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.25)


@dataclass(frozen=True)
class Loop:
    settings: Settings
    project: str

    def create(self, classes: tuple[str, ...], epochs: int = 2, **changes: Any) -> None:
        definition = {
            "classes": list(classes),
            "training": {"recipe": "debug", "overrides": {"epochs": epochs}},
            "gate": {"minimum_score": 0.0, "minimum_test_items": 1, "margin": 1.0},
            "retraining": {"every_days": None, "after_new_labels": None},
        }
        self.put("project.yaml", yaml.safe_dump(definition | changes).encode())
        until(
            "the project", lambda: catalogue().read(lambda conn: get_project(conn, self.project)) is not None
        )

    def put(self, name: str, content: bytes) -> str:
        """Upload under the project; the upload's id."""
        key = f"{self.project}/{name}"
        bucket = self.settings.uploads_bucket
        version = client("s3").put_object(Bucket=bucket, Key=key, Body=content)["VersionId"]
        return image_id(bucket, key, version)

    def upload_labelled(self, folder: Path) -> list[str]:
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        ids = [self.put(f"labelled/{file.relative_to(folder)}", file.read_bytes()) for file in files]
        self.wait_for_verdicts(ids)
        return ids

    def upload_labelled_of(self, folder: Path, classes: tuple[str, ...]) -> None:
        files = [file for label in classes for file in sorted((folder / label).iterdir())]
        self.wait_for_verdicts(
            [self.put(f"labelled/{file.parent.name}/{file.name}", file.read_bytes()) for file in files]
        )

    def wait_for_verdicts(self, ids: list[str], seconds: float = 120.0) -> list[Upload]:
        until("every verdict", lambda: all(self.is_decided(one) for one in ids), seconds)
        return [upload for one in ids if (upload := self.upload(one)) is not None]

    def is_decided(self, upload: str) -> bool:
        row = self.upload(upload)
        return row is not None and row.state != "received"

    def upload(self, upload: str) -> Upload | None:
        return catalogue().read(lambda conn: get_upload(conn, upload))

    def train(self, seconds: float = 240.0) -> Job:
        """Ask for a training and wait for its end."""
        before = len(self.jobs())
        self.ask_for_training()
        until("a new job", lambda: len(self.jobs()) > before)
        until("the job's end", lambda: self.jobs()[0].finished_at is not None, seconds)
        return self.jobs()[0]

    def ask_for_training(self) -> None:
        wish = RetrainingConsidered(project=self.project, cause="person", request=uuid.uuid4().hex)
        queues.send(self.settings.retraining_checks_queue_url, wish)

    def jobs(self) -> list[Job]:
        """Latest first."""
        return catalogue().read(lambda conn: list_jobs(conn, self.project))

    def champion(self) -> Model | None:
        return catalogue().read(lambda conn: champion(conn, self.project))

    def wait_for_champion(self, version: int | None = None, seconds: float = 120.0) -> Model:
        def serves() -> bool:
            model = self.champion()
            return model is not None and version in (None, model.version)

        until("a champion", serves, seconds)
        model = self.champion()
        assert model is not None
        return model

    def predict(self, content: bytes, name: str = "case") -> Prediction:
        image = self.put(f"predict/{name}", content)
        return self.answer(image)

    def answer(self, image: str, seconds: float = 120.0) -> Prediction:
        """The image's prediction, once it is done or failed."""
        until(
            "an answer", lambda: (p := self.prediction(image)) is not None and p.state != "requested", seconds
        )
        prediction = self.prediction(image)
        assert prediction is not None
        return prediction

    def is_answered(self, image: str) -> bool:
        prediction = self.prediction(image)
        return prediction is not None and prediction.state != "requested"

    def prediction(self, image: str) -> Prediction | None:
        return next(iter(catalogue().read(lambda conn: predictions_of(conn, [image]))), None)


def everything_is_accounted_for(settings: Settings) -> bool:
    """uploaded = accepted + quarantined + ignored + in flight + dead-lettered"""
    uploaded = sum(1 for _ in objects.list_versions(settings.uploads_bucket))
    states = catalogue().read(lambda conn: upload_counts(conn))
    dead = queues.depths(f"medloop-{settings.stage}-intake-dlq")
    return uploaded == sum(states.values()) + sum(depth.waiting + depth.in_flight for depth in dead)
