"""A message in a dead-letter queue rings its alarm, through SNS into the alarms queue; others stay quiet."""

import json
from collections.abc import Iterator

import pytest
from laptop_platform import bare_cloud, eventually

from events.alarms import AlarmStateChanged
from local.state import Laptop


@pytest.fixture(scope="module")
def cloud() -> Iterator[Laptop]:
    with bare_cloud() as started:
        yield started


def make_queue(cloud: Laptop, name: str) -> tuple[str, str]:
    """URL and ARN."""
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, arn


def let_topics_write(cloud: Laptop, url: str, arn: str) -> None:
    """Without a policy the delivery is denied, as on AWS. The template demands TLS of everybody, too."""
    from_topics = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    by_tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [from_topics, by_tls_only]})
    cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def make_alarm(cloud: Laptop, queue: str, topic: str) -> None:
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=queue,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic],
    )


def test_one_message_rings_its_own_alarm_only(cloud: Laptop) -> None:
    topic = cloud.client("sns").create_topic(Name="medloop-test-alarms")["TopicArn"]
    alarms, arn = make_queue(cloud, "medloop-test-alarms")
    let_topics_write(cloud, alarms, arn)
    cloud.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    dead, _ = make_queue(cloud, "medloop-test-intake-dlq")
    make_queue(cloud, "medloop-test-backups-dlq")
    for queue in ("medloop-test-intake-dlq", "medloop-test-backups-dlq"):
        make_alarm(cloud, queue, topic)

    cloud.client("sqs").send_message(QueueUrl=dead, MessageBody="refused five times")

    [rung] = eventually(lambda: cloud.client("sqs").receive_message(QueueUrl=alarms).get("Messages"))
    told = AlarmStateChanged.model_validate(json.loads(rung["Body"]))
    assert (told.name, told.state) == ("medloop-test-intake-dlq", "ALARM")
    quiet = cloud.client("cloudwatch").describe_alarms(AlarmNames=["medloop-test-backups-dlq"])
    assert quiet["MetricAlarms"][0]["StateValue"] == "OK"


def test_the_age_of_the_oldest_message_is_published(cloud: Laptop) -> None:
    url, _ = make_queue(cloud, "medloop-test-backlog")
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="patience")
    ages = eventually(lambda: [age for age in published_ages(cloud, "medloop-test-backlog") if age > 0])
    assert max(ages) < 60


def published_ages(cloud: Laptop, queue: str) -> list[float]:
    metrics = cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": "age",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": "ApproximateAgeOfOldestMessage",
                        "Dimensions": [{"Name": "QueueName", "Value": queue}],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
        ],
        StartTime="2020-01-01T00:00:00Z",
        EndTime="2100-01-01T00:00:00Z",
    )
    return list(metrics["MetricDataResults"][0]["Values"])
