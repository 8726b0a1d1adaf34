"""The baking period of a blue/green update: CloudWatch is asked for the alarms that would roll it back."""

import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker import clients
from local.sagemaker.errors import ServiceError, invalid
from local.sagemaker.state import Record, State

LOOK_EVERY = 0.5


def seconds(config: Record) -> float:
    """Between the shift of all traffic and the end of the former fleet."""
    policy = config.get("BlueGreenUpdatePolicy", {})
    between = policy.get("TrafficRoutingConfiguration", {}).get("WaitIntervalInSeconds", 0)
    return float(between + policy.get("TerminationWaitInSeconds", 0))


def alarms(config: Record) -> list[str]:
    entries = config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    return [entry["AlarmName"] for entry in entries]


def check(state: State, request: Record) -> None:
    """
    Raises:
        ServiceError: an alarm does not exist, or the endpoint's execution role may not look at it.
    """
    names = alarms(request.get("DeploymentConfig") or {})
    with state.lock:
        endpoint = state.endpoints.get(request["EndpointName"])
    if not names or endpoint is None or "Plan" not in endpoint:
        return
    try:
        found = {alarm["AlarmName"] for alarm in _look(endpoint["Plan"], names)}
    except (ServiceError, ClientError) as error:
        raise invalid(f"The auto-rollback alarms cannot be read: {error}") from error
    if missing := sorted(set(names) - found):
        raise invalid(f"Could not find the auto-rollback alarms {', '.join(missing)}.")


def bake(config: Record, plan: Record, ended: threading.Event) -> str:
    """Wait for the length of the period; why the release is to be rolled back, or "" if it is good.

    The words are ours: what AWS writes into FailureReason here is not documented, and may be nothing.
    """
    names, until = alarms(config), time.monotonic() + seconds(config)
    while True:
        try:
            ringing = [a["AlarmName"] for a in _look(plan, names) if a["StateValue"] == "ALARM"]
        except (ServiceError, ClientError, BotoCoreError) as error:
            return f"The auto-rollback alarms cannot be read: {error}"
        if ringing:
            return f"The deployment was rolled back: {', '.join(ringing)} went into ALARM during it."
        if ended.wait(max(0.0, min(LOOK_EVERY, until - time.monotonic()))) or time.monotonic() >= until:
            return ""


def _look(plan: Record, names: list[str]) -> list[dict[str, Any]]:
    if not names:
        return []
    cloudwatch = clients.as_role("cloudwatch", plan["Variants"][0]["Role"], "SageMaker")
    return list(cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"])
