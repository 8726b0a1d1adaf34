"""The endpoint's alarm rings while a new release is watched: the former champion serves on, people hear it.

The models are small scripts: what is tested is the way from a promotion to the rollback and its consequences.
"""

import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

from events.models import PromotionRequested
from local.state import Laptop
from medloop.aws import endpoints, objects, queues
from medloop.aws.clients import client
from medloop.catalogue.models import Model, add_model, get_model
from medloop.platform import catalogue, now, serving_platform
from medloop.rules import deployment
from medloop.settings import Settings
from tests.e2e.loop import Loop, until

pytestmark = pytest.mark.cloud

PROJECT = "watched"

SERVING = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Door(BaseHTTPRequestHandler):
    def do_GET(self): self.answer(200)
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(500)
    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *words): pass
ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Door).serve_forever()
"""
"""It lives, and fails every request."""


@pytest.fixture(scope="module")
def watched(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """Two approved versions, of which the first is released."""
    script = tmp_path_factory.mktemp("serving") / "serve.py"
    script.write_text(SERVING)
    loop = Loop(settings, PROJECT)
    loop.create(("a", "b"))
    for version in (1, 2):
        known_to_both(settings, version, script)
    promote(settings, 1)
    loop.wait_for_champion(1)
    return loop


def known_to_both(settings: Settings, version: int, script: Path) -> None:
    """To the catalogue, and to SageMaker: the door that releases it finds the name taken, and goes on."""
    path = f"jobs/watched-{version}/output/model.tar.gz"
    objects.write(settings.models_bucket, path, empty_archive())
    row = Model(PROJECT, version, f"watched-{version}", path, "{}", now(), state="approved")
    catalogue().run(lambda conn: add_model(conn, row))
    uri = f"s3://{settings.models_bucket}/{path}"
    model = deployment.model(serving_platform(settings), PROJECT, version, uri)
    command = json.dumps([sys.executable, "-I", "-S", str(script)])
    model["PrimaryContainer"]["Environment"] = {"MEDLOOP_SERVE_COMMAND": command}
    client("sagemaker").create_model(**model)


def empty_archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz"):
        pass
    return packed.getvalue()


def promote(settings: Settings, version: int) -> None:
    wish = PromotionRequested(project=PROJECT, version=version, cause="promote")
    queues.send(settings.model_approvals_queue_url, wish)


def model(version: int) -> Model:
    found = catalogue().read(lambda conn: get_model(conn, PROJECT, version))
    assert found is not None
    return found


def alarm_rings(settings: Settings) -> bool:
    name = deployment.failures_alarm(settings.stage, PROJECT)["AlarmName"]
    found = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return bool(found) and found[0]["StateValue"] == "ALARM"


def told(cloud: Laptop, words: str) -> bool:
    file = cloud.home / "webhooks.jsonl"
    return file.exists() and any(words in line for line in file.read_text().splitlines())


def test_the_former_champion_serves_on(settings: Settings, cloud: Laptop, watched: Loop) -> None:
    name = deployment.endpoint_name(settings.stage, PROJECT)
    objects.write(settings.curated_bucket, "images/watched/one", b"image")
    for number in range(deployment.ROLLBACK_FAILURES):
        endpoints.invoke(name, f"watched-{number}", f"s3://{settings.curated_bucket}/images/watched/one")
    promote(settings, 2)
    until("the rollback", lambda: model(2).state == "rolled_back", 90)
    assert f"{name}-fails went into ALARM" in (model(2).gate_reason or "")
    assert model(1).state == "champion"
    endpoint = endpoints.describe(name)
    assert endpoint is not None
    assert (endpoint.status, endpoint.config) == ("InService", f"{name}-v1")
    until("the alert", lambda: told(cloud, "version 2 does not serve"))


def test_a_person_may_try_it_again(settings: Settings, watched: Loop) -> None:
    until("the calm", lambda: not alarm_rings(settings), 90)
    promote(settings, 2)
    watched.wait_for_champion(2)
    assert model(1).state == "retired"
