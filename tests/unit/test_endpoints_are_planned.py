"""What is asked of SageMaker to serve a champion."""

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


def test_both_topics_and_the_failure_path_are_set() -> None:
    output = deployment.endpoint_config(SERVING, "chest", 1)["AsyncInferenceConfig"]["OutputConfig"]
    assert set(output["NotificationConfig"]) == {"SuccessTopic", "ErrorTopic"}
    assert output["S3FailurePath"].startswith("s3://predictions/failed/")


def test_one_image_has_one_prediction_per_model_version() -> None:
    image = "a" * 32
    assert deployment.prediction_id(image, 1) == deployment.prediction_id(image, 1)
    assert deployment.prediction_id(image, 1) != deployment.prediction_id(image, 2)
