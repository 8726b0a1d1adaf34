"""A training job runs under SageMaker's container contract, and tells how it ended."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from sagemaker_server import BUCKET, Server, eventually, server

REPORT = """
import json, os
from pathlib import Path
root = Path(os.environ["SAGEMAKER_BASE_DIR"])
found = {str(f.relative_to(root)): f.read_text() for f in sorted((root / "input").rglob("*")) if f.is_file()}
aws = [name for name in os.environ if name.startswith("AWS_")]
facts = {"files": found, "aws": aws, "stage": os.environ["STAGE"], "job": os.environ["TRAINING_JOB_NAME"]}
(root / "output" / "data" / "report.json").write_text(json.dumps(facts))
(root / "model" / "weights.bin").write_text("weights")
print("epoch=1 accuracy=0.25")
print("epoch=2 accuracy=0.75")
"""

UNTIL_STOPPED = """
import os, signal, sys, time
from pathlib import Path
root = Path(os.environ["SAGEMAKER_BASE_DIR"])
def stop(number, frame):
    (root / "checkpoints" / "last.txt").write_text("saved at the stop")
    (root / "model" / "weights.bin").write_text("half done")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
(root / "checkpoints" / "first.txt").write_text("saved before")
while True:
    time.sleep(0.05)
"""

CURVES = """
import os, time
from pathlib import Path
root = Path(os.environ["SAGEMAKER_BASE_DIR"])
curves = root / "output" / "tensorboard" / "events.out"
curves.parent.mkdir(exist_ok=True)
curves.write_text("one epoch")
while not (root / "checkpoints" / "enough").exists():
    time.sleep(0.05)
curves.write_text("two epochs")
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("cloud")) as running:
        yield running


def channel(name: str, kind: str, uri: str) -> dict[str, object]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": uri}}}


def checkpoints(name: str) -> dict[str, str]:
    return {"S3Uri": f"s3://{BUCKET}/checkpoints/{name}"}


def wait_until_it_trains(cloud: Server, job: str) -> None:
    def is_there() -> bool:
        listing = cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"checkpoints/{job}/")
        return bool(listing["KeyCount"])

    eventually(is_there)


def test_a_job_reads_its_channels_and_leaves_model_and_results(cloud: Server) -> None:
    manifest = [{"prefix": f"s3://{BUCKET}/data/"}, "b/2.txt", "c.txt"]
    for key in ("a/1.txt", "a/deep/1.txt", "b/2.txt", "c.txt", "secret.txt"):
        cloud.put(f"data/{key}", key.encode())
    whole, chosen = f"s3://{BUCKET}/data/a", cloud.put("chosen.manifest", json.dumps(manifest).encode())
    single = f"s3://{BUCKET}/data/secret.txt"
    events = cloud.queue_of_events("SageMaker Training Job State Change")
    job = cloud.train(
        "whole",
        REPORT,
        AlgorithmSpecification={
            "TrainingImage": "medloop",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", str(cloud.home / "whole.py")],
            "MetricDefinitions": [{"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}],
        },
        HyperParameters={"epochs": "2"},
        Environment={"STAGE": "laptop"},
        InputDataConfig=[
            channel("folder", "S3Prefix", whole),
            channel("chosen", "ManifestFile", chosen),
            channel("single", "S3Prefix", single),
        ],
    )
    ended = cloud.ended(job)
    assert ended["TrainingJobStatus"] == "Completed", ended.get("FailureReason")
    assert ended["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/jobs/whole/output/model.tar.gz"
    assert cloud.archive(ended["ModelArtifacts"]["S3ModelArtifacts"]) == {"weights.bin": b"weights"}
    report = json.loads(cloud.archive(f"s3://{BUCKET}/jobs/whole/output/output.tar.gz")["report.json"])
    data = {name.removeprefix("input/data/"): text for name, text in report["files"].items()}
    assert {name: text for name, text in data.items() if "config" not in name} == {
        "folder/1.txt": "a/1.txt",
        "folder/deep/1.txt": "a/deep/1.txt",
        "chosen/b/2.txt": "b/2.txt",
        "chosen/c.txt": "c.txt",
        "single/secret.txt": "secret.txt",
    }
    assert json.loads(report["files"]["input/config/hyperparameters.json"]) == {"epochs": "2"}
    assert json.loads(report["files"]["input/config/resourceconfig.json"])["hosts"] == ["algo-1"]
    assert (report["aws"], report["stage"], report["job"]) == ([], "laptop", "whole")
    assert [(m["MetricName"], m["Value"]) for m in ended["FinalMetricDataList"]] == [("accuracy", 0.75)]

    told = events()
    assert [event["detail"]["SecondaryStatus"] for event in told] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert told[-1]["source"] == "aws.sagemaker"
    assert told[-1]["resources"] == [ended["TrainingJobArn"]]
    assert told[-1]["detail"]["TrainingJobStatus"] == "Completed"
    assert told[-1]["detail"]["ModelArtifacts"] == ended["ModelArtifacts"]

    logs = cloud.client("logs")
    [stream] = logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix="whole/algo-1-"
    )["logStreams"]
    written = logs.get_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=stream["logStreamName"]
    )["events"]
    assert [line["message"] for line in written] == ["epoch=1 accuracy=0.25", "epoch=2 accuracy=0.75"]


def test_a_failure_gives_its_reason(cloud: Server) -> None:
    script = """
import os, sys
from pathlib import Path
Path(os.environ["SAGEMAKER_BASE_DIR"], "output", "failure").write_text("loss is NaN")
sys.exit(3)
"""
    told = cloud.ended(cloud.train("reasoned", script))
    silent = cloud.ended(cloud.train("silent", "raise SystemExit('no such recipe')"))
    assert told["TrainingJobStatus"] == "Failed"
    assert told["FailureReason"] == "AlgorithmError: loss is NaN, exit code: 3"
    assert silent["FailureReason"] == "AlgorithmError: no such recipe, exit code: 1"
    assert "ModelArtifacts" not in silent


def test_missing_data_fails_the_job(cloud: Server) -> None:
    ended = cloud.ended(
        cloud.train("hungry", REPORT, InputDataConfig=[channel("x", "S3Prefix", f"s3://{BUCKET}/none/")])
    )
    assert ended["FailureReason"].startswith("ClientError: Data download failed: No S3 objects found")


def test_a_stopped_job_saves_its_checkpoint_first(cloud: Server) -> None:
    job = cloud.train("stopped", UNTIL_STOPPED, CheckpointConfig=checkpoints("stopped"))
    wait_until_it_trains(cloud, job)
    cloud.client("sagemaker").stop_training_job(TrainingJobName=job)
    ended = cloud.ended(job)
    assert (ended["TrainingJobStatus"], ended["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert cloud.get(f"s3://{BUCKET}/checkpoints/stopped/last.txt") == b"saved at the stop"
    assert cloud.archive(ended["ModelArtifacts"]["S3ModelArtifacts"]) == {"weights.bin": b"half done"}
    with pytest.raises(ClientError, match="is in status Stopped"):
        cloud.client("sagemaker").stop_training_job(TrainingJobName=job)


def test_curves_are_in_the_bucket_while_the_job_runs(cloud: Server) -> None:
    place = f"s3://{BUCKET}/jobs/curves/tensorboard-output/events.out"
    job = cloud.train("curves", CURVES, TensorBoardOutputConfig={"S3OutputPath": f"s3://{BUCKET}/jobs"})

    def content() -> bytes:
        try:
            return cloud.get(place)
        except ClientError:
            return b""

    eventually(lambda: content() == b"one epoch")
    described = cloud.client("sagemaker").describe_training_job(TrainingJobName=job)
    assert described["TrainingJobStatus"] == "InProgress"
    (cloud.home / "sagemaker" / "jobs" / job / "checkpoints" / "enough").touch()
    assert cloud.ended(job)["TrainingJobStatus"] == "Completed"
    assert content() == b"two epochs"


def test_curves_from_elsewhere_are_refused(cloud: Server) -> None:
    elsewhere = {"S3OutputPath": f"s3://{BUCKET}/jobs", "LocalPath": "/tmp/curves"}
    with pytest.raises(ClientError, match="read from /opt/ml/output/tensorboard only"):
        cloud.train("elsewhere", "pass", TensorBoardOutputConfig=elsewhere)


def test_a_job_ends_at_its_maximum_run_time_even_if_it_will_not(cloud: Server) -> None:
    stubborn = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"
    began = time.monotonic()
    job = cloud.train("stubborn", stubborn, StoppingCondition={"MaxRuntimeInSeconds": 1})
    ended = cloud.ended(job)
    assert (ended["TrainingJobStatus"], ended["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert time.monotonic() - began > 3.0
    assert cloud.containers() == []


def test_jobs_wait_for_one_another(cloud: Server) -> None:
    first = cloud.train("first", "import time; time.sleep(1)")
    second = cloud.train("second", "pass")
    waiting = cloud.client("sagemaker").describe_training_job(TrainingJobName=second)
    assert (waiting["TrainingJobStatus"], waiting["SecondaryStatus"]) == ("InProgress", "Pending")
    assert cloud.ended(second)["TrainingStartTime"] >= cloud.ended(first)["TrainingEndTime"]
    names = cloud.client("sagemaker").list_training_jobs(NameContains="s", StatusEquals="Completed")
    assert {"first", "second"} <= {job["TrainingJobName"] for job in names["TrainingJobSummaries"]}


def test_a_job_cannot_write_outside_its_channel(cloud: Server, tmp_path: Path) -> None:
    manifest = [{"prefix": f"s3://{BUCKET}/data/"}, "../../../escaped.txt"]
    uri = cloud.put("evil.manifest", json.dumps(manifest).encode())
    ended = cloud.ended(cloud.train("evil", REPORT, InputDataConfig=[channel("x", "ManifestFile", uri)]))
    assert "leaves its channel" in ended["FailureReason"]
