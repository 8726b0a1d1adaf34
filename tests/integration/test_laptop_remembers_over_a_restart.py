"""A laptop cloud goes down with its state saved and nobody left, and comes up as it was."""

from pathlib import Path

import psutil
from laptop_platform import folder, make_function

from local import postgres
from local.cloud import down, platform, running
from local.processes import marked

DOOR = "def handler(event, context): return 'at work'"


def test_objects_messages_and_functions_are_there_again() -> None:
    with folder() as home:
        with platform(home) as cloud:
            cloud.client("s3").create_bucket(Bucket="medloop-test")
            cloud.client("s3").put_object(Bucket="medloop-test", Key="image.png", Body=b"pixels")
            queue = cloud.client("sqs").create_queue(QueueName="medloop-test")["QueueUrl"]
            cloud.client("sqs").send_message(QueueUrl=queue, MessageBody="wait for me")
            make_function(cloud, "medloop-test", DOOR)
        with platform(home) as cloud:
            body = cloud.client("s3").get_object(Bucket="medloop-test", Key="image.png")["Body"].read()
            [message] = cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"]
            answer = cloud.client("lambda").invoke(FunctionName="medloop-test")["Payload"].read()
    assert (body, message["Body"], answer) == (b"pixels", "wait for me", b'"at work"')


def test_nobody_is_left() -> None:
    with folder() as home:
        with platform(home) as cloud:
            make_function(cloud, "medloop-test", DOOR)
            cloud.client("lambda").invoke(FunctionName="medloop-test")
            # ministack, the watch, and the function's warm worker.
            assert len(marked(home)) == 3
        assert marked(home) == []
        assert not postgres.is_running(home / "postgres")
        assert _processes_under(home) == []


def test_down_is_harmless_where_nothing_is_up(tmp_path: Path) -> None:
    down(tmp_path / "never")
    assert running(tmp_path / "never") is None


def _processes_under(home: Path) -> list[str]:
    """Everybody whose command line names the folder."""
    lines = (" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    return [line for line in lines if str(home) in line]
