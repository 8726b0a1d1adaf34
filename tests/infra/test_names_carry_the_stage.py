"""Two stages live side by side in one account: every name says which one it is."""

from collections.abc import Iterator

from stack import Stack, text

NAMES = {
    "S3::Bucket": "BucketName",
    "SQS::Queue": "QueueName",
    "SNS::Topic": "TopicName",
    "Events::EventBus": "Name",
    "Events::Archive": "ArchiveName",
    "Events::Rule": "Name",
    "CloudWatch::Alarm": "AlarmName",
    "DynamoDB::Table": "TableName",
    "SecretsManager::Secret": "Name",
    "ECR::Repository": "RepositoryName",
    "Lambda::Function": "FunctionName",
    "Logs::LogGroup": "LogGroupName",
    "KMS::Alias": "AliasName",
    "Cognito::UserPool": "UserPoolName",
    "Cognito::UserPoolDomain": "Domain",
    "ApiGateway::RestApi": "Name",
    "WAFv2::WebACL": "Name",
}

REGISTRY = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"

TOPICS = {"alarms", "inference-success", "inference-failure"}


def problems(stack: Stack) -> Iterator[str]:
    for kind, key in NAMES.items():
        for name, properties in stack.of_type(kind).items():
            if "medloop-${Stage}" not in text(properties.get(key)):
                yield f"{name} has the same name in every stage"
    topics = {
        text(t.get("TopicName")).removeprefix("medloop-${Stage}-")
        for t in stack.of_type("SNS::Topic").values()
    }
    if topics != TOPICS:
        yield f"other topics: {topics ^ TOPICS}"
    repositories = [text(r.get("RepositoryName")) for r in stack.of_type("ECR::Repository").values()]
    image = stack.template["Outputs"]["ContainerImage"]["Value"]["Fn::If"][1]
    if [text(image)] != [f"{REGISTRY}/{name}:latest" for name in repositories]:
        yield "the default image is not in the stack's own repository"


def test_every_name_carries_the_stage(stack: Stack) -> None:
    assert not list(problems(stack))
