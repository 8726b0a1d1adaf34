"""The laptop's SageMaker holds requests against the models that boto3 itself carries."""

import json
from typing import Any

import pytest

from local.sagemaker import wire
from local.sagemaker.errors import ServiceError

GOOD: dict[str, Any] = {"EndpointName": "chest", "EndpointConfigName": "chest-v1"}


def parse(request: Any) -> dict[str, Any]:
    return wire.parse("sagemaker", "CreateEndpoint", json.dumps(request).encode())


def test_a_good_request_passes() -> None:
    assert parse(GOOD) == GOOD


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"EndpointName": "chest"}, 'Missing required parameter in input: "EndpointConfigName"'),
        ({**GOOD, "EndpointName": 3}, "Invalid type for parameter EndpointName"),
        ({**GOOD, "Colour": "red"}, 'Unknown parameter in input: "Colour"'),
        ({**GOOD, "EndpointName": "under_score"}, "at 'EndpointName' failed to satisfy constraint"),
        ({**GOOD, "EndpointName": "x" * 64}, "length less than or equal to 63"),
        ({**GOOD, "Tags": [{"Key": "x" * 129, "Value": ""}]}, "at 'Tags.1.member.Key'"),
        ([], "Invalid type for parameter"),
    ],
)
def test_a_broken_rule_is_named(request_: Any, words: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        parse(request_)
    assert refusal.value.code == "ValidationException"
    assert words in refusal.value.message


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ServiceError, match="not JSON"):
        wire.parse("sagemaker", "CreateEndpoint", b"{")


def test_answers_hold_what_the_model_has_and_nothing_else() -> None:
    variant = {"VariantName": "champion", "DesiredWeight": 1.0, "secret": 1}
    record = {"EndpointName": "chest", "Plan": {}, "FailureReason": None, "ProductionVariants": [variant]}
    assert json.loads(wire.render("sagemaker", "DescribeEndpoint", record)) == {
        "EndpointName": "chest",
        "ProductionVariants": [{"VariantName": "champion", "DesiredWeight": 1.0}],
    }
