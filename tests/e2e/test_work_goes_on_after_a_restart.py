"""Stopping the cloud, or killing what works in it, delays the work and loses none of it."""

import time
from pathlib import Path

import psutil
import pytest

from local import cloud as lifecycle
from local import people
from local.state import Laptop
from medloop.settings import Settings
from tests.e2e.loop import Loop, everything_is_accounted_for, until
from tests.e2e.sign_in import ask, id_token
from tests.e2e.test_failures_end_with_their_reason import quick_retries

pytestmark = pytest.mark.cloud


def processes(words: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if words in " ".join(process.info["cmdline"] or []):
            found.append(process)
    return found


def test_a_killed_function_is_tried_again(shapes: Loop, samples: Path) -> None:
    killed = Loop(shapes.settings, "killed")
    killed.create(("cross", "ring"))
    with quick_retries("medloop-laptop-intake"):
        ids = [
            killed.put(f"labelled/ring/{number}.png", file.read_bytes())
            for number, file in enumerate(sorted((samples / "predict").iterdir()))
        ]
        for worker in processes("medloop-laptop-on-upload"):
            worker.kill()
        states = {upload.state for upload in killed.wait_for_verdicts(ids)}
    assert states == {"accepted"}


def test_a_killed_training_goes_on_from_its_checkpoint(shapes: Loop) -> None:
    before = len(shapes.jobs())
    shapes.ask_for_training()
    until("the job", lambda: len(shapes.jobs()) > before)
    until("the container", lambda: bool(processes("training.train")), 60)
    time.sleep(4)
    for container in processes("training.train"):
        container.kill()
    until("the job's end", lambda: shapes.jobs()[0].finished_at is not None, 180)
    assert shapes.jobs()[0].state == "completed", shapes.jobs()[0].reason
    shapes.wait_for_champion(shapes.jobs()[0].model_version)


def test_a_stopped_cloud_finishes_its_work_when_it_is_back(
    shapes: Loop, cloud: Laptop, samples: Path
) -> None:
    before = len(shapes.jobs())
    shapes.ask_for_training()
    until("the job", lambda: len(shapes.jobs()) > before)
    until("the container", lambda: bool(processes("training.train")), 60)
    lifecycle.down(cloud.home)
    assert not processes("training.train") and not processes("local.gateway")
    lifecycle.up(home=cloud.home)
    until("the job's end", lambda: shapes.jobs()[0].finished_at is not None, 180)
    job = shapes.jobs()[0]
    assert job.state == "completed", job.reason
    shapes.wait_for_champion(job.model_version)
    image = next((samples / "predict").glob("*.png")).read_bytes()
    assert shapes.predict(image, "after-restart.png").state == "done"


def test_people_stay_signed_in_over_a_restart(cloud: Laptop, settings: Settings) -> None:
    token = id_token(settings, "engineer", people.password(cloud.home))
    lifecycle.down(cloud.home)
    lifecycle.up(home=cloud.home)
    assert ask(f"{settings.api_url}/me", Authorization=f"Bearer {token}").json["name"] == "engineer"


def test_all_of_it_is_accounted_for(shapes: Loop) -> None:
    until("a quiet intake", lambda: everything_is_accounted_for(shapes.settings))
