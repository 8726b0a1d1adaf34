"""Scales endpoint variants to zero and back, and tells CloudWatch how long their queues are."""

import logging
import math
import threading
import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker import clients, settings
from local.sagemaker.async_worker import AsyncWorkers
from local.sagemaker.hosting import Hosting
from local.sagemaker.state import Record, State

logger = logging.getLogger("sagemaker")

LOOK_EVERY = 0.25
REPORT_EVERY = 10.0
DEFAULT_COOLDOWN = 300.0


class Scaler:
    def __init__(self, state: State, hosting: Hosting, workers: AsyncWorkers) -> None:
        self.state, self.hosting, self.queue = state, hosting, workers.queue
        self.busy: dict[str, float] = {}
        self.ended = threading.Event()
        self.threads = [
            threading.Thread(target=self._every, args=(LOOK_EVERY, self._look), daemon=True),
            threading.Thread(target=self._every, args=(REPORT_EVERY, self._report), daemon=True),
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while not self.ended.wait(seconds):
            try:
                work()
            except (ClientError, BotoCoreError) as error:
                logger.warning("metrics are not written: %s", error)

    def _look(self) -> None:
        with self.state.lock:
            for target in self.state.targets.all():
                _, name, _, variant = target["ResourceId"].split("/")
                endpoint = self.state.endpoints.get(name)
                if endpoint and endpoint["EndpointStatus"] == "InService":
                    self._scale(target, endpoint, variant)

    def _scale(self, target: Record, endpoint: Record, variant: str) -> None:
        name, now = endpoint["EndpointName"], time.monotonic()
        summary = next((v for v in endpoint["ProductionVariants"] if v["VariantName"] == variant), None)
        if summary is None:
            return
        wanted, backlog = summary["DesiredInstanceCount"], self.queue.backlog(name)
        # Loading a model is no idleness.
        if backlog or self.hosting.ready(name, variant) < wanted:
            self.busy[name] = now
        busy = max(self.busy.setdefault(name, now), self.queue.busy.get(name, 0.0))
        cooldown = self._cooldown(target["ResourceId"])
        if wanted == 0 and backlog and self._policies(target["ResourceId"], "StepScaling"):
            self.hosting.want(name, variant, min(1, target["MaxCapacity"]))
        elif wanted < target["MinCapacity"] or (wanted > target["MinCapacity"] and now - busy > cooldown):
            self.hosting.want(name, variant, target["MinCapacity"])

    def _cooldown(self, resource: str) -> float:
        """Idle seconds before scaling in; for ever without a policy that scales in."""
        for policy in self._policies(resource, "TargetTrackingScaling"):
            config = policy["TargetTrackingScalingPolicyConfiguration"]
            if not config.get("DisableScaleIn"):
                shortened = settings.scale_in_seconds()
                return config.get("ScaleInCooldown", DEFAULT_COOLDOWN) if shortened is None else shortened
        return math.inf

    def _policies(self, resource: str, kind: str) -> list[Record]:
        return [
            policy
            for policy in self.state.policies.all()
            if policy["ResourceId"] == resource and policy["PolicyType"] == kind
        ]

    def _report(self) -> None:
        with self.state.lock:
            names = [e["EndpointName"] for e in self.state.endpoints.all() if e.get("AsyncInferenceConfig")]
        data = [point for name in names for point in self._points(name)]
        if data:
            clients.as_aws("cloudwatch").put_metric_data(Namespace="AWS/SageMaker", MetricData=data)

    def _points(self, name: str) -> list[Record]:
        backlog, instances = self.queue.backlog(name), self.hosting.ready(name)
        values: dict[str, float] = {
            "ApproximateBacklogSize": backlog,
            "HasBacklogWithoutCapacity": int(bool(backlog) and not instances),
        }
        if instances:
            values["ApproximateBacklogSizePerInstance"] = backlog / instances
        dimensions = [{"Name": "EndpointName", "Value": name}]
        return [
            {"MetricName": metric, "Dimensions": dimensions, "Value": value, "Unit": "Count"}
            for metric, value in values.items()
        ]
