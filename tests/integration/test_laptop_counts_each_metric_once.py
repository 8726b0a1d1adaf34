"""Metrics in the logs of functions and training jobs reach CloudWatch, each once, over a restart too."""

import json
import time
from datetime import UTC, datetime, timedelta

from laptop_platform import eventually, folder, make_function

from local.cloud import platform
from local.state import Laptop

DOOR = """
import json, time
def handler(event, context):
    metrics = [{"Name": "ImageAccepted", "Unit": "Count"}]
    directive = {"Namespace": "Medloop", "Dimensions": [["service"]], "Metrics": metrics}
    head = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    print(json.dumps({"_aws": head, "service": "on_upload", "ImageAccepted": [1.0]}))
"""


def test_a_functions_metric_is_summed_up_once_per_call() -> None:
    with folder() as home:
        with platform(home) as cloud:
            make_function(cloud, "medloop-test-on-upload", DOOR)
            for _ in range(3):
                cloud.client("lambda").invoke(FunctionName="medloop-test-on-upload")
            eventually(lambda: total(cloud, "ImageAccepted", "service", "on_upload") == 3)
        with platform(home) as cloud:
            cloud.client("lambda").invoke(FunctionName="medloop-test-on-upload")
            eventually(lambda: total(cloud, "ImageAccepted", "service", "on_upload") == 4)
            time.sleep(2 * 2.5)
            assert total(cloud, "ImageAccepted", "service", "on_upload") == 4


def test_a_training_jobs_metric_arrives() -> None:
    with folder() as home, platform(home) as cloud:
        logs, now = cloud.client("logs"), int(time.time() * 1000)
        directive = {"Namespace": "Medloop", "Dimensions": [["project"]], "Metrics": [{"Name": "Loss"}]}
        document = {
            "_aws": {"Timestamp": now, "CloudWatchMetrics": [directive]},
            "project": "skin",
            "Loss": 0.5,
        }
        place = {"logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamName": "job/algo-1"}
        logs.create_log_group(logGroupName=place["logGroupName"])
        logs.create_log_stream(**place)
        logs.put_log_events(**place, logEvents=[{"timestamp": now, "message": json.dumps(document)}])
        eventually(lambda: total(cloud, "Loss", "project", "skin") == 0.5)


def total(cloud: Laptop, metric: str, dimension: str, value: str) -> float:
    now = datetime.now(UTC)
    points = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="Medloop",
        MetricName=metric,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))
