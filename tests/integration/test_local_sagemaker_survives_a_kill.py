"""An end of the server, orderly or brutal, interrupts jobs and requests; it loses and repeats none."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sagemaker_server import BUCKET, Server, eventually, server

COUNTING = """
import os, signal, sys, time
from pathlib import Path
root = Path(os.environ["SAGEMAKER_BASE_DIR"])
file = root / "checkpoints" / "count.txt"
began = int(file.read_text()) if file.exists() else 0
print(f"began={began}")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for count in range(began, 50):
    (root / "new").write_text(str(count + 1))
    (root / "new").rename(file)
    time.sleep(0.1)
(root / "model" / "began.txt").write_text(str(began))
"""


@contextmanager
def counting_job(home: Path) -> Iterator[Server]:
    """A server whose job has come to 5 and more, in a checkpoint in S3."""
    with server(home) as cloud:
        where = {"S3Uri": f"s3://{BUCKET}/checkpoints/count"}
        cloud.train("count", COUNTING, CheckpointConfig=where)
        eventually(lambda: count(cloud) >= 5)
        yield cloud


def count(cloud: Server) -> int:
    listing = cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="checkpoints/count/")
    return int(cloud.get(f"s3://{BUCKET}/checkpoints/count/count.txt")) if listing["KeyCount"] else 0


def check_that_it_went_on(cloud: Server, since: int, interruptions: int = 1) -> None:
    ended = cloud.ended("count")
    assert ended["TrainingJobStatus"] == "Completed", ended.get("FailureReason")
    began = int(cloud.archive(ended["ModelArtifacts"]["S3ModelArtifacts"])["began.txt"])
    assert since <= began < 50
    statuses = [moved["Status"] for moved in ended["SecondaryStatusTransitions"]]
    assert statuses.count("Interrupted") == interruptions
    assert statuses.count("Completed") == 1


def test_a_killed_server_goes_on_with_the_job(tmp_path: Path) -> None:
    with counting_job(tmp_path) as cloud:
        events = cloud.queue_of_events("SageMaker Training Job State Change")
        # ministack's own state, the role and the queue, is saved at an orderly stop only.
        cloud.stop()
        cloud.start()
        saved = count(cloud)
        eventually(cloud.containers)
        cloud.stop(signal.SIGKILL)
        eventually(lambda: not cloud.containers())
        cloud.start()
        check_that_it_went_on(cloud, since=saved, interruptions=2)
        told = [event["detail"]["SecondaryStatus"] for event in events()]
        assert told.count("Completed") == 1


def test_an_orderly_stop_keeps_everything(tmp_path: Path) -> None:
    with counting_job(tmp_path) as cloud:
        cloud.stop()
        assert cloud.containers() == []
        cloud.start()
        saved = count(cloud)
        assert saved > 5
        check_that_it_went_on(cloud, since=saved)


def test_an_event_that_a_crash_swallowed_is_sent_at_the_next_start(tmp_path: Path) -> None:
    with server(tmp_path) as cloud:
        events = cloud.queue_of_events("SageMaker Training Job State Change")
        cloud.ended(cloud.train("done", "pass"))
        eventually(lambda: events()[-1:])
        cloud.stop()
        file = tmp_path / "sagemaker" / "state" / "training-jobs" / "done.json"
        job = json.loads(file.read_text())
        file.write_text(json.dumps({**job, "Announced": job["Announced"] - 1}))
        cloud.start()
        assert [event["detail"]["SecondaryStatus"] for event in eventually(events)] == ["Completed"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_accepted_requests_are_answered_after_a_restart(tmp_path: Path, how: signal.Signals) -> None:
    with server(tmp_path) as cloud:
        output = {"OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/raw"}}
        config = cloud.config(cloud.model("model", "hello"), AsyncInferenceConfig=output)
        cloud.client("sagemaker").create_endpoint(EndpointName="chest", EndpointConfigName=config)
        assert cloud.settled("chest")["EndpointStatus"] == "InService"
        # State that a kill must not cost here: buckets and the role.
        cloud.stop()
        cloud.start()
        eventually(cloud.containers)
        runtime = cloud.client("sagemaker-runtime")
        where = [
            runtime.invoke_endpoint_async(
                EndpointName="chest", InputLocation=cloud.put(f"in/{number}", b"slow" if number else b"x")
            )["OutputLocation"]
            for number in range(3)
        ]
        cloud.stop(how)
        eventually(lambda: not cloud.containers())
        cloud.start()
        prefix = f"s3://{BUCKET}/"

        def answered() -> bool:
            listing = cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="raw/")
            keys = {entry["Key"] for entry in listing.get("Contents", [])}
            return {uri.removeprefix(prefix) for uri in where} <= keys

        eventually(answered)
        assert {json.loads(cloud.get(uri))["word"] for uri in where} == {"hello"}
