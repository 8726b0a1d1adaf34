"""A new release whose alarm rings while it is watched goes again, and the former one serves on."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_server import BUCKET, Server, eventually, server

from medloop.rules import deployment
from medloop.rules.deployment import Serving

SERVING = Serving(
    stage="dev",
    role_arn="arn:aws:iam::000000000000:role/execution",
    image="000000000000.dkr.ecr.us-east-1.amazonaws.com/medloop:test",
    instance_type="ml.m5.large",
    key_arn="",
    predictions_bucket=BUCKET,
    success_topic_arn="",
    failure_topic_arn="",
    bake_seconds=4,
)
ALARM = "medloop-dev-chest-fails"
ENDPOINT = "medloop-dev-chest"

Listener = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("cloud")) as running:
        allowed = {"Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": "*"}
        running.allow("execution", [allowed])
        how = {"OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/raw"}}
        for version, word in ((1, "one"), (2, "two")):
            model = running.model(f"{ENDPOINT}-v{version}", word)
            running.config(model, AsyncInferenceConfig=how)
        running.client("sagemaker").create_endpoint(
            EndpointName=ENDPOINT, EndpointConfigName=f"{ENDPOINT}-v1"
        )
        running.settled(ENDPOINT)
        running.client("cloudwatch").put_metric_alarm(**deployment.failures_alarm("dev", "chest"))
        yield running


def update(cloud: Server, seconds: int) -> None:
    config = deployment.blue_green(SERVING, "chest")
    config["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] = seconds
    cloud.client("sagemaker").update_endpoint(
        EndpointName=ENDPOINT, EndpointConfigName=f"{ENDPOINT}-v2", DeploymentConfig=config
    )


def answer(cloud: Server, body: bytes = b"image") -> str:
    asked = cloud.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=ENDPOINT, InputLocation=cloud.put(f"in/{body.decode()}", body)
    )
    return str(asked["OutputLocation"])


def fail(cloud: Server) -> None:
    for _ in range(deployment.ROLLBACK_FAILURES):
        answer(cloud, b"bad")


def word(cloud: Server) -> str:
    place = answer(cloud)

    def look() -> bytes | None:
        try:
            return cloud.get(place)
        except ClientError:
            return None

    return str(eventually(look))


def statuses(events: Listener) -> list[tuple[str, str]]:
    return [(e["detail"]["EndpointStatus"], e["detail"]["EndpointConfigName"]) for e in events()]


def test_a_release_that_fails_its_requests_is_rolled_back(cloud: Server) -> None:
    events = cloud.queue_of_events("SageMaker Endpoint State Change")
    update(cloud, seconds=60)
    eventually(lambda: "two" in word(cloud))
    fail(cloud)
    kept = cloud.settled(ENDPOINT)
    assert (kept["EndpointStatus"], kept["EndpointConfigName"]) == ("InService", f"{ENDPOINT}-v1")
    assert ALARM in kept["FailureReason"]
    assert "one" in word(cloud)
    eventually(lambda: len(cloud.containers()) == 1)
    former = f"{ENDPOINT}-v1"
    assert statuses(events) == [("UPDATING", former), ("ROLLING_BACK", former), ("IN_SERVICE", former)]


def test_a_release_that_answers_while_it_is_watched_stays(cloud: Server) -> None:
    events = cloud.queue_of_events("SageMaker Endpoint State Change")
    update(cloud, seconds=3)
    eventually(lambda: "two" in word(cloud))
    assert len(cloud.containers()) == 2
    settled = cloud.settled(ENDPOINT)
    assert (settled["EndpointConfigName"], settled.get("FailureReason")) == (f"{ENDPOINT}-v2", None)
    eventually(lambda: len(cloud.containers()) == 1)
    assert "two" in word(cloud)
    assert statuses(events) == [("UPDATING", f"{ENDPOINT}-v1"), ("IN_SERVICE", f"{ENDPOINT}-v2")]


def test_a_release_is_watched_anew_after_a_restart(cloud: Server) -> None:
    update(cloud, seconds=60)
    eventually(lambda: "two" in word(cloud))
    cloud.stop()
    cloud.start()
    eventually(lambda: "two" in word(cloud))
    fail(cloud)
    kept = cloud.settled(ENDPOINT)
    assert kept["EndpointConfigName"] == f"{ENDPOINT}-v1"
    eventually(lambda: "one" in word(cloud))


def test_an_alarm_that_does_not_exist_is_refused(cloud: Server) -> None:
    cloud.client("cloudwatch").delete_alarms(AlarmNames=[ALARM])
    with pytest.raises(ClientError, match=ALARM):
        update(cloud, seconds=3)
    assert cloud.settled(ENDPOINT)["EndpointStatus"] == "InService"
