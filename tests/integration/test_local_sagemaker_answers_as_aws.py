"""Requests are checked, permitted and refused as SageMaker does it; the registry keeps versions."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError
from sagemaker_server import BUCKET, IMAGE, Server, server

ACCOUNT = "arn:aws:sagemaker:us-east-1:000000000000"

JOB: dict[str, Any] = {
    "TrainingJobName": "job",
    "AlgorithmSpecification": {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["true"],
    },
    "RoleArn": "arn:aws:iam::000000000000:role/execution",
    "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/jobs"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("cloud")) as running:
        yield running


def code_of(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def test_what_is_not_there_is_said_clearly(cloud: Server) -> None:
    code, message = code_of(cloud.client("sagemaker").list_pipelines)
    assert code == "UnsupportedOperation"
    assert message.startswith("ListPipelines is not supported by medloop's local SageMaker; supported: Add")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TrainingJobName": "no_underscores"}, "regular expression pattern"),
        ({"ResourceConfig": {**JOB["ResourceConfig"], "InstanceType": "ml.abacus"}}, "enum value set"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59}}, "MaxWaitTime"),
        ({"EnableManagedSpotTraining": True}, "MaxWaitTimeInSeconds above 0"),
        ({"RoleArn": "arn:aws:iam::000000000000:role/nobody"}, "Could not assume role"),
    ],
)
def test_wrong_requests_are_refused(cloud: Server, changes: dict[str, Any], words: str) -> None:
    code, message = code_of(cloud.client("sagemaker").create_training_job, **{**JOB, **changes})
    assert code == "ValidationException"
    assert words in message


def test_names_are_given_once(cloud: Server) -> None:
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_training_job(**{**JOB, "TrainingJobName": "once"})
    again = code_of(sagemaker.create_training_job, **{**JOB, "TrainingJobName": "once"})
    config = cloud.config(cloud.model("once", "word"))
    model = sagemaker.describe_model(ModelName="once")
    twice = code_of(
        sagemaker.create_model,
        ModelName="once",
        PrimaryContainer=model["PrimaryContainer"],
        ExecutionRoleArn=model["ExecutionRoleArn"],
    )
    assert again[0] == "ResourceInUse"
    assert twice == ("ValidationException", f'Cannot create already existing model "{ACCOUNT}:model/once".')
    assert (
        sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0][
            "InitialInstanceCount"
        ]
        == 1
    )


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        ("describe_training_job", {"TrainingJobName": "x"}, "Requested resource not found."),
        ("describe_model", {"ModelName": "x"}, f'Could not find model "{ACCOUNT}:model/x".'),
        ("delete_endpoint", {"EndpointName": "x"}, f'Could not find endpoint "{ACCOUNT}:endpoint/x".'),
    ],
)
def test_what_does_not_exist_is_not_found(
    cloud: Server, call: str, arguments: dict[str, str], message: str
) -> None:
    assert code_of(getattr(cloud.client("sagemaker"), call), **arguments) == ("ValidationException", message)


def test_a_role_may_do_what_its_policies_say(cloud: Server) -> None:
    mine = f"{ACCOUNT}:training-job/mine-*"
    create = {"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob", "Resource": mine}
    hand_over = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": JOB["RoleArn"],
        "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    }
    starter = cloud.as_role(cloud.role("starter", [create, hand_over]), "sagemaker")
    starter.create_training_job(**{**JOB, "TrainingJobName": "mine-1"})
    code, message = code_of(starter.create_training_job, **{**JOB, "TrainingJobName": "yours"})
    assert code == "AccessDeniedException"
    assert "not authorized to perform: sagemaker:CreateTrainingJob on resource" in message
    assert code_of(starter.describe_training_job, TrainingJobName="mine-1")[0] == "AccessDeniedException"
    tagged = {**JOB, "TrainingJobName": "mine-2", "Tags": [{"Key": "a", "Value": "b"}]}
    assert "sagemaker:AddTags" in code_of(starter.create_training_job, **tagged)[1]

    timid = cloud.as_role(cloud.role("timid", [create]), "sagemaker")
    code, message = code_of(timid.create_training_job, **{**JOB, "TrainingJobName": "mine-3"})
    assert (code, "iam:PassRole" in message) == ("AccessDeniedException", True)


def test_a_job_has_its_roles_permissions_only(cloud: Server) -> None:
    poor = cloud.role("poor", [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}])
    uri = cloud.put("data/a.txt", b"a")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}
    job = cloud.train(
        "poor", "pass", RoleArn=poor, InputDataConfig=[{"ChannelName": "x", "DataSource": source}]
    )
    ended = cloud.ended(job)
    assert ended["TrainingJobStatus"] == "Failed"
    assert "AccessDenied" in ended["FailureReason"]


def test_strangers_are_refused(cloud: Server) -> None:
    forged = cloud.client("sagemaker", aws_access_key_id="AKIAFORGED", aws_secret_access_key="x")
    assert code_of(forged.list_models)[0] in ("UnrecognizedClientException", "InvalidClientTokenId")
    denied = cloud.as_role(cloud.role("nothing", []), "sagemaker-runtime")
    code, message = code_of(denied.invoke_endpoint, EndpointName="chest", Body=b"")
    assert code == "AccessDeniedException"
    assert f"{ACCOUNT}:endpoint/chest" in message


def test_the_registry_keeps_versions_and_announces_approvals(cloud: Server) -> None:
    sagemaker = cloud.client("sagemaker")
    events = cloud.queue_of_events("SageMaker Model Package State Change")
    sagemaker.create_model_package_group(ModelPackageGroupName="chest")
    assert "already exists" in code_of(sagemaker.create_model_package_group, ModelPackageGroupName="chest")[1]
    package = {
        "ModelPackageGroupName": "chest",
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/m.tar.gz"}],
            "SupportedContentTypes": ["application/x-npy"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        "ModelApprovalStatus": "PendingManualApproval",
        "CustomerMetadataProperties": {"accuracy": "0.99"},
    }
    first = sagemaker.create_model_package(**package, ClientToken="job-1")["ModelPackageArn"]
    assert sagemaker.create_model_package(**package, ClientToken="job-1")["ModelPackageArn"] == first
    second = sagemaker.create_model_package(**package)["ModelPackageArn"]
    assert (first, second) == (f"{ACCOUNT}:model-package/chest/1", f"{ACCOUNT}:model-package/chest/2")
    events()

    sagemaker.update_model_package(
        ModelPackageArn=second, ModelApprovalStatus="Approved", ApprovalDescription="better"
    )
    [event] = events()
    detail = event["detail"]
    assert (detail["ModelPackageGroupName"], detail["ModelPackageVersion"]) == ("chest", 2)
    assert (detail["ModelPackageArn"], detail["ModelApprovalStatus"]) == (second, "Approved")
    described = sagemaker.describe_model_package(ModelPackageName=second)
    assert described["ApprovalDescription"] == "better"
    assert described["CustomerMetadataProperties"] == {"accuracy": "0.99"}
    approved = sagemaker.list_model_packages(ModelPackageGroupName="chest", ModelApprovalStatus="Approved")
    assert [p["ModelPackageVersion"] for p in approved["ModelPackageSummaryList"]] == [2]
    assert code_of(sagemaker.delete_model_package_group, ModelPackageGroupName="chest")[0] == (
        "ConflictException"
    )
    for arn in (first, second):
        sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName="chest")
    assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_lists_come_in_pages_and_tags_stay(cloud: Server) -> None:
    sagemaker = cloud.client("sagemaker")
    for number in range(3):
        cloud.model(f"page-{number}", "x")
    pages = sagemaker.get_paginator("list_models").paginate(
        NameContains="page-", SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    assert [[model["ModelName"] for model in page["Models"]] for page in pages] == [
        ["page-0", "page-1"],
        ["page-2"],
    ]
    arn = f"{ACCOUNT}:model/page-0"
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "medloop:project", "Value": "chest"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "medloop:project", "Value": "chest"}]


def test_unsigned_requests_are_refused(cloud: Server) -> None:
    request = Request(
        f"http://127.0.0.1:{cloud.port}/",
        data=b"{}",
        headers={"X-Amz-Target": "SageMaker.ListModels", "Content-Type": "application/x-amz-json-1.1"},
    )
    with pytest.raises(HTTPError) as refusal, urlopen(request):
        pass
    with refusal.value as answer:
        assert json.loads(answer.read())["__type"] == "MissingAuthenticationToken"
