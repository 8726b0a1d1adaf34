"""What is asked of SageMaker to serve a champion."""

from dataclasses import replace

import botocore.session
import pytest
from botocore.validate import ParamValidator

from medloop.rules import deployment
from medloop.rules.deployment import Serving

SERVING = Serving(
    stage="dev",
    role_arn="arn:aws:iam::000000000000:role/sagemaker",
    image="000000000000.dkr.ecr.us-east-1.amazonaws.com/medloop:1",
    instance_type="ml.g4dn.xlarge",
    key_arn="arn:aws:kms:us-east-1:000000000000:key/k",
    predictions_bucket="predictions",
    success_topic_arn="arn:aws:sns:us-east-1:000000000000:good",
    failure_topic_arn="arn:aws:sns:us-east-1:000000000000:bad",
    bake_seconds=300,
)

REQUESTS = [
    ("sagemaker", "CreateModel", deployment.model(SERVING, "chest", 4, "s3://models/m.tar.gz")),
    ("sagemaker", "CreateEndpointConfig", deployment.endpoint_config(SERVING, "chest", 4)),
    ("application-autoscaling", "RegisterScalableTarget", deployment.scalable_target("dev", "chest", 2)),
    *(
        ("application-autoscaling", "PutScalingPolicy", policy)
        for policy in deployment.scaling_policies("dev", "chest")
    ),
    ("cloudwatch", "PutMetricAlarm", deployment.wake_alarm("dev", "chest", "arn:policy")),
    ("cloudwatch", "PutMetricAlarm", deployment.failures_alarm("dev", "chest")),
    (
        "sagemaker",
        "UpdateEndpoint",
        {
            "EndpointName": "medloop-dev-chest",
            "EndpointConfigName": "medloop-dev-chest-v5",
            "DeploymentConfig": deployment.blue_green(SERVING, "chest"),
        },
    ),
]


@pytest.mark.parametrize(("service", "operation", "request_"), REQUESTS)
def test_the_services_own_model_accepts_the_request(
    service: str, operation: str, request_: dict[str, object]
) -> None:
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    assert not ParamValidator().validate(request_, model.input_shape).has_errors()


def test_a_release_name_gives_its_version_back() -> None:
    assert deployment.version_of_release(deployment.release_name("dev", "chest", 12)) == 12
    assert deployment.version_of_release("somebody-elses-config") is None


def test_a_new_release_is_watched_by_the_endpoints_own_alarm() -> None:
    update = deployment.blue_green(SERVING, "chest")
    alarm = deployment.failures_alarm("dev", "chest")
    assert update["AutoRollbackConfiguration"]["Alarms"] == [{"AlarmName": alarm["AlarmName"]}]
    assert alarm["Dimensions"] == [
        {"Name": "EndpointName", "Value": "medloop-dev-chest"},
        {"Name": "VariantName", "Value": deployment.VARIANT},
    ]


@pytest.mark.parametrize("seconds", [0, 300, 3600])
def test_sagemaker_gets_more_time_than_it_has_to_wait(seconds: int) -> None:
    policy = deployment.blue_green(replace(SERVING, bake_seconds=seconds), "chest")["BlueGreenUpdatePolicy"]
    waits = policy["TerminationWaitInSeconds"]
    waits += policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"]
    assert waits == seconds < policy["MaximumExecutionTimeoutInSeconds"]


def test_both_topics_and_the_failure_path_are_set() -> None:
    output = deployment.endpoint_config(SERVING, "chest", 1)["AsyncInferenceConfig"]["OutputConfig"]
    assert set(output["NotificationConfig"]) == {"SuccessTopic", "ErrorTopic"}
    assert output["S3FailurePath"].startswith("s3://predictions/failed/")


def test_one_image_has_one_prediction_per_model_version() -> None:
    image = "a" * 32
    assert deployment.prediction_id(image, 1) == deployment.prediction_id(image, 1)
    assert deployment.prediction_id(image, 1) != deployment.prediction_id(image, 2)
