"""Endpoints serve models in processes, swap them blue/green, and scale from and to zero."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_server import BUCKET, Server, eventually, server

RESOURCE = {
    "ServiceNamespace": "sagemaker",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("cloud")) as running:
        yield running


def create(cloud: Server, name: str, config: str) -> dict[str, Any]:
    cloud.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=config)
    return cloud.settled(name)


def asynchronous(**topics: str) -> dict[str, Any]:
    places = {"S3OutputPath": f"s3://{BUCKET}/raw/", "S3FailurePath": f"s3://{BUCKET}/failed"}
    limits = {"MaxConcurrentInvocationsPerInstance": 2}
    return {"OutputConfig": {**places, "NotificationConfig": topics}, "ClientConfig": limits}


def ask(cloud: Server, endpoint: str, body: bytes = b"image") -> dict[str, Any]:
    answer = cloud.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, Body=body, ContentType="application/x-npy"
    )
    return dict(json.loads(answer["Body"].read()))


def test_an_endpoint_answers_and_goes_away(cloud: Server) -> None:
    events = cloud.queue_of_events("SageMaker Endpoint State Change")
    assert create(cloud, "plain", cloud.config(cloud.model("plain", "one")))["EndpointStatus"] == "InService"
    assert ask(cloud, "plain") == {"word": "one", "body": "image"}
    with pytest.raises(ClientError, match="not an image") as refusal:
        ask(cloud, "plain", b"bad")
    assert refusal.value.response["OriginalStatusCode"] == 400
    cloud.client("sagemaker").delete_endpoint(EndpointName="plain")
    eventually(lambda: not cloud.containers())
    told = [event["detail"] for event in events()]
    assert [detail["EndpointStatus"] for detail in told] == ["CREATING", "IN_SERVICE", "DELETING"]
    assert told[1]["EndpointConfigName"] == "plain"
    with pytest.raises(ClientError, match="Could not find endpoint"):
        cloud.client("sagemaker").describe_endpoint(EndpointName="plain")


def test_a_lost_instance_is_replaced(cloud: Server) -> None:
    create(cloud, "lost", cloud.config(cloud.model("lost", "again")))
    with pytest.raises(ClientError, match="went away"):
        ask(cloud, "lost", b"die")
    assert eventually(lambda: ask(cloud, "lost"))["word"] == "again"
    cloud.client("sagemaker").delete_endpoint(EndpointName="lost")


def test_a_new_model_takes_over_only_if_it_answers(cloud: Server) -> None:
    sagemaker = cloud.client("sagemaker")
    create(cloud, "chest", cloud.config(cloud.model("chest-v1", "one")))
    bad = cloud.config(cloud.model("chest-v2", "two", script="raise SystemExit('weights are missing')"))
    good = cloud.config(cloud.model("chest-v3", "three"))

    events = cloud.queue_of_events("SageMaker Endpoint State Change")
    sagemaker.update_endpoint(EndpointName="chest", EndpointConfigName=bad)
    assert ask(cloud, "chest")["word"] == "one"
    kept = cloud.settled("chest")
    assert (kept["EndpointStatus"], kept["EndpointConfigName"]) == ("InService", "chest-v1")
    assert "weights are missing" in kept["FailureReason"]
    assert ask(cloud, "chest")["word"] == "one"

    sagemaker.update_endpoint(EndpointName="chest", EndpointConfigName=good)
    changed = cloud.settled("chest")
    assert (changed["EndpointConfigName"], changed.get("FailureReason")) == ("chest-v3", None)
    assert ask(cloud, "chest")["word"] == "three"
    eventually(lambda: len(cloud.containers()) == 1)
    told = [(e["detail"]["EndpointStatus"], e["detail"]["EndpointConfigName"]) for e in events()]
    assert told == [
        ("UPDATING", "chest-v1"),
        ("IN_SERVICE", "chest-v1"),
        ("UPDATING", "chest-v1"),
        ("IN_SERVICE", "chest-v3"),
    ]
    sagemaker.delete_endpoint(EndpointName="chest")


def test_a_first_model_that_never_answers_fails_the_endpoint(cloud: Server) -> None:
    config = cloud.config(cloud.model("broken", "x", script="raise SystemExit('no weights')"))
    failed = create(cloud, "broken", config)
    assert failed["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in failed["FailureReason"]
    with pytest.raises(ClientError, match="Failed"):
        cloud.client("sagemaker").update_endpoint(EndpointName="broken", EndpointConfigName=config)
    cloud.client("sagemaker").delete_endpoint(EndpointName="broken")


def test_asynchronous_answers_are_announced(cloud: Server) -> None:
    good, successes = cloud.topic("good")
    bad, failures = cloud.topic("bad")
    how = asynchronous(SuccessTopic=good, ErrorTopic=bad)
    create(cloud, "async", cloud.config(cloud.model("async", "hello"), AsyncInferenceConfig=how))
    runtime = cloud.client("sagemaker-runtime")
    request = {"EndpointName": "async", "ContentType": "application/x-npy", "Accept": "application/json"}

    fine = cloud.put("in/fine", b"image")
    answer = runtime.invoke_endpoint_async(**request, InputLocation=fine, InferenceId="one")
    [notice] = eventually(successes)
    assert json.loads(cloud.get(answer["OutputLocation"])) == {"word": "hello", "body": "image"}
    assert (answer["InferenceId"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("one", 202)
    assert notice.pop("eventTime") >= notice.pop("receivedTime")
    assert notice == {
        "awsRegion": "us-east-1",
        "invocationStatus": "Completed",
        "requestParameters": {
            "accept": "application/json",
            "contentType": "application/x-npy",
            "endpointName": "async",
            "inputLocation": fine,
        },
        "responseParameters": {"contentType": "application/json", "outputLocation": answer["OutputLocation"]},
        "inferenceId": "one",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }

    refused = runtime.invoke_endpoint_async(**request, InputLocation=cloud.put("in/bad", b"bad"))
    [notice] = eventually(failures)
    assert (notice["invocationStatus"], notice["inferenceId"]) == ("Failed", refused["InferenceId"])
    assert 'client error (400) from primary with message "not an image"' in notice["failureReason"]
    assert cloud.get(refused["FailureLocation"]) == b"not an image"

    slow = {"InputLocation": cloud.put("in/slow", b"slow"), "InvocationTimeoutSeconds": 1}
    runtime.invoke_endpoint_async(**request, **slow)
    [notice] = eventually(failures)
    assert "within 1 seconds" in notice["failureReason"]

    runtime.invoke_endpoint_async(**request, InputLocation=f"s3://{BUCKET}/in/nothing")
    [notice] = eventually(failures)
    assert notice["failureReason"].startswith("ClientError: Failed to download the input")
    with pytest.raises(ClientError, match="asynchronous"):
        ask(cloud, "async")
    cloud.client("sagemaker").delete_endpoint(EndpointName="async")


def test_an_endpoint_scales_to_zero_and_back(cloud: Server) -> None:
    config = cloud.config(cloud.model("sleepy", "awake"), AsyncInferenceConfig=asynchronous())
    create(cloud, "sleepy", config)
    target = {**RESOURCE, "ResourceId": "endpoint/sleepy/variant/champion"}
    scaling, runtime = cloud.client("application-autoscaling"), cloud.client("sagemaker-runtime")
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=1)
    tracking = {
        "TargetValue": 5.0,
        "CustomizedMetricSpecification": {
            "MetricName": "ApproximateBacklogSizePerInstance",
            "Namespace": "AWS/SageMaker",
            "Statistic": "Average",
        },
    }
    scaling.put_scaling_policy(
        **target,
        PolicyName="down",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
    eventually(lambda: counts(cloud, "sleepy") == (0, 0))
    eventually(lambda: not cloud.containers())

    # Without a step policy nothing leaves zero, on AWS neither.
    late = runtime.invoke_endpoint_async(EndpointName="sleepy", InputLocation=cloud.put("in/late", b"late"))
    assert counts(cloud, "sleepy") == (0, 0)
    step = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }
    arn = scaling.put_scaling_policy(
        **target, PolicyName="up", PolicyType="StepScaling", StepScalingPolicyConfiguration=step
    )["PolicyARN"]
    eventually(lambda: is_there(cloud, late["OutputLocation"]))
    eventually(lambda: counts(cloud, "sleepy") == (0, 0))
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert arn in {policy["PolicyARN"] for policy in policies}
    scaling.deregister_scalable_target(**target)
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    cloud.client("sagemaker").delete_endpoint(EndpointName="sleepy")


def counts(cloud: Server, endpoint: str) -> tuple[int, int]:
    found = cloud.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    [variant] = found["ProductionVariants"]
    return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]


def is_there(cloud: Server, uri: str) -> bool:
    key = uri.removeprefix(f"s3://{BUCKET}/")
    return bool(cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=key)["KeyCount"])


def test_the_backlog_is_told_to_cloudwatch(cloud: Server) -> None:
    config = cloud.config(cloud.model("measured", "x"), AsyncInferenceConfig=asynchronous())
    create(cloud, "measured", config)

    def metrics() -> set[str]:
        wanted = [{"Name": "EndpointName", "Value": "measured"}]
        found = cloud.client("cloudwatch").list_metrics(Namespace="AWS/SageMaker", Dimensions=wanted)
        return {metric["MetricName"] for metric in found["Metrics"]}

    expected = {"ApproximateBacklogSize", "ApproximateBacklogSizePerInstance", "HasBacklogWithoutCapacity"}
    eventually(lambda: metrics() == expected)
    cloud.client("sagemaker").delete_endpoint(EndpointName="measured")
