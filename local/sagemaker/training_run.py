"""One training job from its first download to its last upload."""

import threading
import time
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import faults
from local.sagemaker import children, clients, container, events, names, settings, storage
from local.sagemaker.children import Child
from local.sagemaker.container import Tree
from local.sagemaker.errors import ServiceError
from local.sagemaker.logs import LogStream
from local.sagemaker.state import Record, State
from local.sagemaker.transitions import move

LOG_GROUP = "/aws/sagemaker/TrainingJobs"

NO_MACHINES = (
    "CapacityError: Unable to provision requested ML compute capacity. "
    "Please retry using a different ML instance type."
)
"""As AWS words it."""

KILLED = (-9, 137)
"""How SIGKILL looks, from outside and through a shell."""

SYNC_EVERY = 2.0
"""Seconds between two looks at the checkpoints and curves."""

INTERRUPTION_GRACE = 10.0
"""Seconds a container has when the server ends: AWS gives 120, but the laptop's owner waits."""

S3_FAILURES = (ServiceError, ClientError, BotoCoreError, KeyError, ValueError)


class Interrupted(Exception):
    """The server ends; the job goes on at the next start."""


class Failed(Exception):
    """The job ends; the text is its FailureReason."""


class TrainingRun:
    def __init__(self, state: State, name: str, tree: Tree) -> None:
        self.state, self.name, self.tree = state, name, tree
        self.job: Record = state.jobs[name]
        self.interrupted, self.changed = threading.Event(), threading.Event()
        self.role = self.job["RoleArn"]
        self.s3 = clients.as_role("s3", self.role, "SageMaker")

    def run(self) -> None:
        """
        Raises:
            Interrupted: nothing about the job is decided.
        """
        try:
            # An outcome that was decided before a crash only lacks its uploads.
            outcome = self.job.get("Outcome") or self._decide(self._outcome())
            self._upload(outcome)
            self._finish(outcome)
        except Failed as failure:
            self._finish(["Failed", str(failure)])
        self.tree.remove()

    def _outcome(self) -> list[str]:
        """Secondary status and reason in which the job shall end."""
        if "StopReason" in self.job:
            return [self.job["StopReason"], ""]
        if faults.has_no_machines(self.name):
            raise Failed(NO_MACHINES)
        mirrors = self._prepare()
        if "StopReason" in self.job:
            return [self.job["StopReason"], ""]
        return self._train(mirrors)

    def _decide(self, outcome: list[str]) -> list[str]:
        with self.state.job(self.name) as job:
            job["Outcome"] = outcome
        return outcome

    def _prepare(self) -> list[storage.Mirror]:
        """The folders whose content S3 shall have while the container runs."""
        self._enter("Starting")
        self.tree.make()
        container.write_configuration(self.tree, self.job)
        self._enter("Downloading")
        try:
            for channel in self.job.get("InputDataConfig", []):
                storage.fetch_channel(self.s3, channel, self.tree.channel(channel["ChannelName"]))
                self._check_interruption()
            return self._mirrors()
        except S3_FAILURES as error:
            raise Failed(f"ClientError: Data download failed: {error}") from error

    def _mirrors(self) -> list[storage.Mirror]:
        mirrors = []
        if "CheckpointConfig" in self.job:
            checkpoints = self.job["CheckpointConfig"]["S3Uri"]
            mirrors.append(storage.Mirror(self.s3, checkpoints, self.tree.checkpoints))
            mirrors[0].restore()
        if "TensorBoardOutputConfig" in self.job:
            place = self.job["TensorBoardOutputConfig"]["S3OutputPath"].rstrip("/")
            curves = f"{place}/{self.name}/tensorboard-output"
            mirrors.append(storage.Mirror(self.s3, curves, self.tree.tensorboard))
        return mirrors

    def _train(self, mirrors: list[storage.Mirror]) -> list[str]:
        """A container that somebody else killed is a lost instance: retried as RetryStrategy allows."""
        attempts = 1 + self.job.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
        for _ in range(attempts):
            outcome = self._attempt(mirrors)
            if outcome is not None:
                return outcome
        return ["Failed", f"InternalServerError: the instance was lost {attempts} times"]

    def _attempt(self, mirrors: list[storage.Mirror]) -> list[str] | None:
        """None: the container was killed from outside."""
        self._check_interruption()
        self._enter("Training")
        with self.state.job(self.name) as job:
            job.setdefault("TrainingStartTime", names.now())
        variables = container.training_variables(self.tree, self.job)
        child = children.spawn(self._command(), variables, settings.repository())
        try:
            log = self._log(child)
            self._watch(child, mirrors)
        finally:
            child.bury()
        log.close()
        self._sync(mirrors)
        self._check_interruption()
        with self.state.job(self.name) as job:
            job["FinalMetricDataList"] = list(log.metrics.values())
        return None if self._was_lost(child) else self._verdict(child, log)

    def _was_lost(self, child: Child) -> bool:
        killed = child.exit_code in KILLED
        return killed and "StopReason" not in self.job and not self.tree.failure.exists()

    def _watch(self, child: Child, mirrors: list[storage.Mirror]) -> None:
        """Until the container ended, by itself or because it had to."""
        limit = self.job["StoppingCondition"].get("MaxRuntimeInSeconds", 86400)
        began = synced = time.monotonic()
        asked = None
        grace = settings.stop_grace()
        while child.exit_code is None:
            self.changed.wait(0.1)
            self.changed.clear()
            now = time.monotonic()
            if now - began > limit:
                self._stop_for("MaxRuntimeExceeded")
            if asked is None and ("StopReason" in self.job or self.interrupted.is_set()):
                asked = now
                child.terminate()
            if self.interrupted.is_set():
                grace = min(grace, INTERRUPTION_GRACE)
            if asked is not None and now - asked > grace:
                child.end(0)
            if now - synced > SYNC_EVERY:
                self._sync(mirrors)
                synced = time.monotonic()

    def _stop_for(self, reason: str) -> None:
        with self.state.job(self.name) as job:
            if "StopReason" in job:
                return
            job["StopReason"] = reason
            move(job, "Stopping")
        events.announce_job(self.state, self.name)

    def _verdict(self, child: Child, log: LogStream) -> list[str]:
        if "StopReason" in self.job:
            return [self.job["StopReason"], ""]
        if child.exit_code == 0:
            return ["Completed", ""]
        told = ""
        with suppress(OSError):
            told = self.tree.failure.read_text(errors="replace").strip()
        ending = f", exit code: {child.exit_code}"
        return ["Failed", f"AlgorithmError: {told or log.last_words}"[: 1024 - len(ending)] + ending]

    def _upload(self, outcome: list[str]) -> None:
        """model.tar.gz of what succeeded or was stopped, output.tar.gz of whatever there is."""
        if not self.tree.model.exists():
            return
        self._enter("Uploading")
        target = f"{self.job['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.name}/output"
        has_model = any(self.tree.model.iterdir())
        try:
            if outcome[0] == "Completed" or (outcome[0] != "Failed" and has_model):
                self._archive("model", target)
                with self.state.job(self.name) as job:
                    job["ModelArtifacts"] = {"S3ModelArtifacts": f"{target}/model.tar.gz"}
            if any(self.tree.results.iterdir()):
                self._archive("output", target)
        except (*S3_FAILURES, OSError) as error:
            if outcome[0] != "Failed":
                raise Failed(f"ClientError: Artifact upload failed: {error}") from error

    def _archive(self, name: str, target: str) -> None:
        file = self.tree.root / f"{name}.tar.gz"
        storage.pack(self.tree.model if name == "model" else self.tree.results, file)
        storage.store(self.s3, file, f"{target}/{file.name}", self.job["OutputDataConfig"].get("KmsKeyId"))
        file.unlink()

    def _finish(self, outcome: list[str]) -> None:
        with self.state.job(self.name) as job:
            move(job, outcome[0], outcome[1])
        events.announce_job(self.state, self.name)

    def _enter(self, secondary: str) -> None:
        with self.state.job(self.name) as job:
            # A stop may come at any moment; only the uploads still follow it.
            if job["TrainingJobStatus"] != "Stopping" or secondary == "Uploading":
                move(job, secondary)
        events.announce_job(self.state, self.name)

    def _sync(self, mirrors: list[storage.Mirror]) -> None:
        try:
            for mirror in mirrors:
                mirror.sync()
        except S3_FAILURES as error:
            raise Failed(f"ClientError: Upload of checkpoints or curves failed: {error}") from error

    def _check_interruption(self) -> None:
        if self.interrupted.is_set():
            raise Interrupted

    def _command(self) -> list[str]:
        algorithm = self.job["AlgorithmSpecification"]
        given = [*algorithm.get("ContainerEntrypoint", []), *algorithm.get("ContainerArguments", [])]
        return given or settings.TRAIN

    def _log(self, child: Child) -> LogStream:
        metrics: list[Record] = self.job["AlgorithmSpecification"].get("MetricDefinitions", [])
        client: Any = clients.as_role("logs", self.role, "SageMaker")
        assert child.process.stdout is not None
        stream = f"{self.name}/{container.HOST}-{int(time.time())}"
        return LogStream(child.process.stdout, client, LOG_GROUP, stream, metrics)
