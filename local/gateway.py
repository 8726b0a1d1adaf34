"""ministack as the laptop runs it: put right where medloop needs it, and its state saved while it runs.

Run as `python -m local.gateway`; what it serves, and where, the environment says (see local/cloud.py).
"""

import hashlib
import importlib
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from local import alarms, apis, bodies, faults, faulty, grants, layers, resources, versions

SAVE_EVERY = 60.0
"""Seconds of work that a power cut may cost; the bodies of S3 objects are on disk at once."""

WORKERS = "MEDLOOP_WORKERS"
"""This variable says how many workers one queue may have, instead of one more than there are cores: one of
them usually waits for S3 or the catalogue."""

KEEP_DEPTHS = 3 * 3600.0
"""Seconds for which queue depths are kept: they are the bulk of all metrics, and saved with every state."""


class Saver:
    """Saves the services' state now and then, and all of it when SIGUSR1 tells of a deploy."""

    def __init__(self, app: Any, cloudwatch: Any) -> None:
        self.app, self.cloudwatch = app, cloudwatch
        self.asked = threading.Event()
        self.one_at_a_time = threading.Lock()
        self.save_all = app.save_all
        # The orderly end saves through this name as well: never two writers of one file.
        app.save_all = self.save

    def start(self) -> None:
        signal.signal(signal.SIGUSR1, self._ask)
        threading.Thread(target=self._run, daemon=True, name="saver").start()

    def save(self, services: Any) -> None:
        with self.one_at_a_time:
            self.save_all(services)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked.set()

    def _run(self) -> None:
        while True:
            deployed = self.asked.wait(SAVE_EVERY)
            self.asked.clear()
            self._forget_depths(time.time() - KEEP_DEPTHS)
            services = self.app._build_persistence_save_dict()
            if not deployed:
                # Only a deploy changes it, and with its layer's packages it is bigger than all others.
                services.pop("lambda", None)
            self.save(services)

    def _forget_depths(self, before: float) -> None:
        for key, points in list(self.cloudwatch._metrics._data.items()):
            if "AWS/SQS" in str(key):
                points[:] = [point for point in points if point["Timestamp"] >= before]


def trust_loopback(evaluator: Any) -> None:
    """Policies that demand TLS let the loopback interface pass: what it carries leaves no machine."""
    resolve = evaluator._resolve_condition_key

    def resolve_condition_key(key: str, context: Any) -> Any:
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    evaluator._resolve_condition_key = resolve_condition_key


def share_code(functions: Any) -> None:
    """All functions hold the same archive: keep it in memory once, not once for each."""
    fetch = functions._fetch_code_from_s3
    known: dict[bytes, bytes] = {}

    def fetch_code_from_s3(*place: Any, **version: Any) -> bytes | None:
        code = fetch(*place, **version)
        return known.setdefault(hashlib.sha256(code).digest(), code) if code else code

    functions._fetch_code_from_s3 = fetch_code_from_s3


def spare_machine(functions: Any, most: int) -> None:
    """At most so many workers at a time for one queue: the template's 50 are meant for AWS's machines."""
    allowed = functions._sqs_esm_concurrency

    def sqs_esm_concurrency(*mapping: Any) -> int:
        return min(most, int(allowed(*mapping)))

    functions._sqs_esm_concurrency = sqs_esm_concurrency


def name_batches_as_on_aws(actions: Any) -> None:
    """IAM knows no sqs:SendMessageBatch: a batch is allowed by the action that it repeats."""
    extract = actions.extract_iam_action

    def extract_iam_action(*request: Any) -> str | None:
        found: str | None = extract(*request)
        return found.removesuffix("Batch") if found and found.startswith("sqs:") else found

    actions.extract_iam_action = extract_iam_action


def main() -> None:
    app, evaluator, cloudwatch, functions = (
        importlib.import_module(f"ministack.{name}")
        for name in ("app", "core.iam_evaluator", "services.cloudwatch", "services.lambda_svc")
    )
    alarms.amend(cloudwatch)
    trust_loopback(evaluator)
    grants.amend(evaluator)
    actions = importlib.import_module("ministack.core.iam_actions")
    name_batches_as_on_aws(actions)
    resources.amend(actions)
    share_code(functions)
    spare_machine(functions, int(os.environ.get(WORKERS) or (os.cpu_count() or 1) + 1))
    layers.amend(functions, Path(os.environ["MEDLOOP_LAYERS_DIR"]))
    s3 = importlib.import_module("ministack.services.s3")
    versions.amend(s3, importlib.import_module("ministack.services.eventbridge"))
    bodies.amend(s3)
    apis.amend(importlib.import_module("ministack.services.apigateway_v1"))
    if faults.FOLDER in os.environ:
        faulty.amend(importlib.import_module("ministack.core.lambda_runtime"))
    Saver(app, cloudwatch).start()
    importlib.import_module("local.ministack").main()


if __name__ == "__main__":
    main()
