"""Keeps as many instances of every endpoint's variants running as its description wants."""

import logging
import random
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable

from local.sagemaker import baking, events, names
from local.sagemaker.container import Tree
from local.sagemaker.instance import Instance, NotServing
from local.sagemaker.state import Record, State

logger = logging.getLogger("sagemaker")

LOOK_EVERY = 0.2
RETRY_AFTER = 5.0
"""Seconds before an instance that did not start is tried again."""
DRAIN = 60.0
"""Seconds in which an instance may finish its requests before it ends."""

SERVED = ("Plan", "AsyncInferenceConfig", "ProductionVariants")
"""What a rollback puts back into an endpoint's record, which keeps it as `Former` until then."""

Fleet = dict[str, list[Instance]]
"""Instances by variant, starting ones included."""


class Hosting:
    def __init__(self, state: State) -> None:
        self.state = state
        self.fleets: dict[str, Fleet] = defaultdict(lambda: defaultdict(list))
        self.launched: list[Instance] = []
        self.not_before: dict[str, float] = {}
        self.ended = threading.Event()
        self.threads: list[threading.Thread] = []

    def start(self) -> None:
        """Serve again what was served, and finish deployments that were under way."""
        with self.state.lock:
            pending = [e["EndpointName"] for e in self.state.endpoints.all() if e.get("Pending")]
        for name in pending:
            with self.state.endpoint(name) as endpoint:
                # A release that was being watched is watched anew, from the shift of traffic on.
                endpoint.update(endpoint.pop("Former", {}))
            self.deploy(name)
        self._do(self._keep)

    def stop(self) -> None:
        self.ended.set()
        with self.state.lock:
            instances = list(self.launched)
        for instance in instances:
            instance.abandon()
            self._do(self._end, instance, 0.0)
        for thread in list(self.threads):
            thread.join()

    def deploy(self, name: str) -> None:
        """Bring the endpoint's pending plan into service."""
        self._do(self._deploy, name)

    def retire(self, name: str) -> None:
        """The endpoint is deleted."""
        with self.state.lock:
            fleet = self.fleets.pop(name, {})
        self._end_all(fleet)

    def ready(self, name: str, variant: str | None = None) -> int:
        return len(self._serving(name, variant))

    def choose(self, name: str, variant: str | None = None) -> Instance | None:
        """An instance for one request: variants by weight, then the least busy; None while there is none."""
        with self.state.lock:
            serving = self._serving(name, variant)
            if not serving:
                return None
            weights = [self._weight(name, instance) for instance in serving]
        if not any(weights):
            return None
        [chosen] = random.choices(serving, weights)
        family = [i for i in serving if i.variant["VariantName"] == chosen.variant["VariantName"]]
        return min(family, key=lambda instance: instance.in_flight)

    def want(self, name: str, variant: str, count: int) -> None:
        with self.state.endpoint(name) as endpoint:
            for summary in endpoint["ProductionVariants"]:
                if summary["VariantName"] == variant:
                    summary["DesiredInstanceCount"] = count

    def _deploy(self, name: str) -> None:
        plan = self.state.endpoints[name]["Pending"]
        fleet: Fleet = {variant["VariantName"]: [] for variant in plan["Variants"]}
        try:
            for variant in plan["Variants"]:
                for _ in range(variant["Count"]):
                    fleet[variant["VariantName"]].append(self._launch(name, variant))
        except NotServing as failure:
            for instance in [instance for instances in fleet.values() for instance in instances]:
                self._end(instance, 0.0)
            if not self.ended.is_set():
                self._give_up(name, str(failure))
            return
        former = self._shift(name, plan, fleet)
        reason = self._bake(name, plan)
        if self.ended.is_set():
            return
        if reason:
            self._roll_back(name, former, reason)
        else:
            self._settle(name, plan, former)

    def _shift(self, name: str, plan: Record, fleet: Fleet) -> Fleet:
        """From here on the new variants get all requests; the former ones, which are kept, are answered."""
        with self.state.endpoint(name) as endpoint:
            former = self.fleets.pop(name, {})
            self.fleets[name] = defaultdict(list, fleet)
            if "Plan" in endpoint:
                endpoint["Former"] = {part: endpoint[part] for part in SERVED}
            endpoint["Plan"] = plan
            endpoint["AsyncInferenceConfig"] = plan["AsyncInferenceConfig"]
            endpoint["ProductionVariants"] = [_summary(variant) for variant in plan["Variants"]]
        return former

    def _bake(self, name: str, plan: Record) -> str:
        """Why the new variants are to go again; "" where they may stay."""
        endpoint = self.state.endpoints[name]
        config = endpoint.get("LastDeploymentConfig") or {}
        return baking.bake(config, plan, self.ended) if "Former" in endpoint else ""

    def _settle(self, name: str, plan: Record, former: Fleet) -> None:
        with self.state.endpoint(name) as endpoint:
            del endpoint["Pending"]
            endpoint.pop("Former", None)
            endpoint["EndpointConfigName"] = plan["EndpointConfigName"]
            endpoint["EndpointStatus"], endpoint["LastModifiedTime"] = "InService", names.now()
            endpoint.pop("FailureReason", None)
        events.announce_endpoint(endpoint)
        self._end_all(former)

    def _roll_back(self, name: str, former: Fleet, reason: str) -> None:
        """The former variants get all requests again, under the former configuration."""
        with self.state.endpoint(name) as endpoint:
            endpoint["EndpointStatus"], endpoint["LastModifiedTime"] = "RollingBack", names.now()
        events.announce_endpoint(endpoint)
        with self.state.lock:
            failed = self.fleets.pop(name, {})
            self.fleets[name] = defaultdict(list, former)
            endpoint.update(endpoint.pop("Former"))
        self._give_up(name, reason)
        self._end_all(failed)

    def _end_all(self, fleet: Fleet) -> None:
        for instance in [instance for instances in fleet.values() for instance in instances]:
            self._do(self._end, instance, DRAIN)

    def _give_up(self, name: str, reason: str) -> None:
        """An endpoint that served goes on with what it had; a new one failed."""
        with self.state.endpoint(name) as endpoint:
            del endpoint["Pending"]
            endpoint["FailureReason"] = reason[:1024]
            endpoint["EndpointStatus"] = "InService" if "Plan" in endpoint else "Failed"
            endpoint["LastModifiedTime"] = names.now()
        events.announce_endpoint(endpoint)

    def _keep(self) -> None:
        while not self.ended.wait(LOOK_EVERY):
            with self.state.lock:
                for endpoint in self.state.endpoints.all():
                    for variant in endpoint.get("Plan", {}).get("Variants", []):
                        self._match(endpoint, variant)

    def _match(self, endpoint: Record, variant: Record) -> None:
        """Start or end one instance if the variant has too few or too many."""
        name, key = endpoint["EndpointName"], variant["VariantName"]
        instances = self.fleets[name][key]
        for lost in [instance for instance in instances if instance.is_lost]:
            logger.warning("endpoint %s lost an instance; another one starts", name)
            self._remove(name, lost)
        wanted = _wanted(endpoint, key)
        if len(instances) < wanted and time.monotonic() >= self.not_before.get(f"{name}/{key}", 0.0):
            instance = self._new(name, variant)
            instances.append(instance)
            self._do(self._start_one, name, instance)
        elif len(instances) > wanted:
            self._remove(name, min(instances, key=lambda instance: instance.in_flight))

    def _start_one(self, name: str, instance: Instance) -> None:
        try:
            instance.start()
        except NotServing as failure:
            logger.warning("endpoint %s: %s", name, failure)
            with self.state.lock:
                key = instance.variant["VariantName"]
                self.not_before[f"{name}/{key}"] = time.monotonic() + RETRY_AFTER
                self._remove(name, instance)

    def _remove(self, name: str, instance: Instance) -> None:
        instances = self.fleets[name][instance.variant["VariantName"]]
        if instance in instances:
            instances.remove(instance)
        instance.ready = False
        self._do(self._end, instance, DRAIN)

    def _launch(self, name: str, variant: Record) -> Instance:
        instance = self._new(name, variant)
        try:
            instance.start()
        except NotServing:
            self._end(instance, 0.0)
            raise
        return instance

    def _new(self, name: str, variant: Record) -> Instance:
        tree = Tree(self.state.home / "endpoints" / name / uuid.uuid4().hex[:12])
        instance = Instance(name, variant, tree)
        with self.state.lock:
            self.launched.append(instance)
            if self.ended.is_set():
                instance.abandoned.set()
        return instance

    def _end(self, instance: Instance, patience: float) -> None:
        instance.retire(patience)
        with self.state.lock:
            if instance in self.launched:
                self.launched.remove(instance)

    def _serving(self, name: str, variant: str | None) -> list[Instance]:
        with self.state.lock:
            fleet = self.fleets.get(name, {})
            chosen = [fleet.get(variant, [])] if variant else list(fleet.values())
            return [i for instances in chosen for i in instances if i.ready and not i.is_lost]

    def _weight(self, name: str, instance: Instance) -> float:
        for summary in self.state.endpoints[name]["ProductionVariants"]:
            if summary["VariantName"] == instance.variant["VariantName"]:
                return float(summary["CurrentWeight"])
        return 0.0

    def _do(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        with self.state.lock:
            self.threads = [other for other in self.threads if other.is_alive()] + [thread]


def _summary(variant: Record) -> Record:
    return {
        "VariantName": variant["VariantName"],
        "DeployedImages": [{"SpecifiedImage": variant["Container"]["Image"]}],
        "CurrentWeight": variant["Weight"],
        "DesiredWeight": variant["Weight"],
        "DesiredInstanceCount": variant["Count"],
    }


def _wanted(endpoint: Record, variant: str) -> int:
    for summary in endpoint["ProductionVariants"]:
        if summary["VariantName"] == variant:
            return int(summary["DesiredInstanceCount"])
    return 0
