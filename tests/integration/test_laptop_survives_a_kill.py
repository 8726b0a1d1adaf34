"""A power cut costs at most the minute since ministack's state was last saved, and no orphan stays."""

import os
import signal
from contextlib import suppress

from laptop_platform import eventually, folder, make_function

from local.cloud import platform
from local.processes import marked

SLOW = "import time\ndef handler(event, context): time.sleep(60)"


def test_what_was_saved_is_there_again() -> None:
    with folder() as home:
        with platform(home) as cloud:
            queue = cloud.client("sqs").create_queue(QueueName="medloop-test")["QueueUrl"]
            cloud.client("sqs").send_message(QueueUrl=queue, MessageBody="wait for me")
            cloud.client("s3").create_bucket(Bucket="medloop-test")
            os.kill(cloud.children[0].pid, signal.SIGUSR1)
            eventually(lambda: (home / "state" / "sqs.json").exists())
            cloud.client("s3").put_object(Bucket="medloop-test", Key="late.png", Body=b"pixels")
            os.kill(cloud.children[0].pid, signal.SIGKILL)
        with platform(home) as cloud:
            [message] = cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"]
            late = cloud.client("s3").get_object(Bucket="medloop-test", Key="late.png")["Body"].read()
    assert (message["Body"], late) == ("wait for me", b"pixels")


def test_a_function_at_work_is_ended_too() -> None:
    with folder() as home:
        with platform(home) as cloud:
            make_function(cloud, "medloop-slow", SLOW)
            cloud.client("lambda").invoke(FunctionName="medloop-slow", InvocationType="Event")
            eventually(lambda: len(marked(home)) == 3)
            with suppress(ProcessLookupError):
                os.kill(cloud.children[0].pid, signal.SIGKILL)
        assert marked(home) == []
