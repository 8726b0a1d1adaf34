"""The least that such a pipeline can do, a function that copies each object: the platform's own speed.

The same bucket settings, rule, queue, batch size and concurrency as medloop's intake; deployed beside it.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.stage import Stage, until

STACK = "medloop-benchmark-copying"
SOURCE = "medloop-benchmark-source"
TARGET = "medloop-benchmark-target"
QUEUE = "medloop-benchmark-copying"
FUNCTION = "medloop-benchmark-copying"

CODE = """
import json
import time
import boto3

s3 = boto3.client("s3")

def handler(event, context):
    done = []
    for record in event["Records"]:
        stored = json.loads(record["body"])["detail"]["object"]
        version = stored["version-id"]
        found = s3.get_object(Bucket="medloop-benchmark-source", Key=stored["key"], VersionId=version)
        body = found["Body"].read()
        s3.put_object(Bucket="medloop-benchmark-target", Key=stored["key"], Body=body)
        done.append([stored["key"], time.time()])
    print(json.dumps({"copied": done}))
    return {"batchItemFailures": []}
"""


def template(concurrency: int, runtime: str) -> dict[str, Any]:
    """CloudFormation, as the intake's part of template.yaml."""
    allowed: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": _objects(SOURCE)},
        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": _objects(TARGET)},
        {
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
        },
    ]
    from_rule = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
    }
    resources = {
        "Source": _bucket(SOURCE, announces=True),
        "Target": _bucket(TARGET, announces=False),
        "Queue": _resource("SQS::Queue", QueueName=QUEUE, VisibilityTimeout=360),
        "Policy": _resource(
            "SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument=_policy([from_rule])
        ),
        "Rule": _resource(
            "Events::Rule",
            EventPattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [SOURCE]}},
            },
            Targets=[{"Id": "Queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
        ),
        "Role": _resource(
            "IAM::Role",
            AssumeRolePolicyDocument=_policy([_assumed_by("lambda.amazonaws.com")]),
            Policies=[{"PolicyName": "Copy", "PolicyDocument": _policy(allowed)}],
        ),
        "Function": _resource(
            "Lambda::Function",
            FunctionName=FUNCTION,
            Runtime=runtime,
            Handler="index.handler",
            Role={"Fn::GetAtt": ["Role", "Arn"]},
            MemorySize=3008,
            Timeout=60,
            Code={"ZipFile": CODE},
        ),
        "Mapping": _resource(
            "Lambda::EventSourceMapping",
            EventSourceArn={"Fn::GetAtt": ["Queue", "Arn"]},
            FunctionName={"Ref": "Function"},
            BatchSize=10,
            MaximumBatchingWindowInSeconds=1,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": concurrency},
        ),
    }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


@contextmanager
def copying(stage: Stage, concurrency: int) -> Iterator[None]:
    """The stack for the length of a block."""
    cloudformation = stage.client("cloudformation")
    runtime = stage.functions.get_function_configuration(FunctionName="medloop-laptop-on-upload")["Runtime"]
    body = json.dumps(template(concurrency, runtime))
    cloudformation.create_stack(StackName=STACK, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])

    def is_made() -> bool:
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        return bool(stack["StackStatus"] == "CREATE_COMPLETE")

    until("the copying stack", is_made)
    yield


def copied(stage: Stage) -> Mapping[str, float]:
    """When each key was copied, in seconds since the epoch: the function says so in its log."""
    logs = stage.client("logs")
    found: dict[str, float] = {}
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{FUNCTION}")
    for page in pages:
        for event in page["events"]:
            for line in event["message"].splitlines():
                if '"copied"' in line:
                    found.update(dict(json.loads(line[line.index("{") :])["copied"]))
    return found


def wait_until_copied(stage: Stage, count: int, seconds: float) -> Mapping[str, float]:
    deadline = time.monotonic() + seconds
    stage.wait_until_quiet(QUEUE, seconds)
    left = max(5.0, deadline - time.monotonic())
    until(f"{count} copies", lambda: len(copied(stage)) >= count, left, cadence=1.0)
    return copied(stage)


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _bucket(name: str, announces: bool) -> dict[str, Any]:
    made = _resource("S3::Bucket", BucketName=name, VersioningConfiguration={"Status": "Enabled"})
    if announces:
        made["Properties"]["NotificationConfiguration"] = {
            "EventBridgeConfiguration": {"EventBridgeEnabled": True}
        }
    return made


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _assumed_by(service: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}


def _objects(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}/*"
