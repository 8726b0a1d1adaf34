"""Does beside ministack what AWS does by itself: metrics out of logs and queues. Receives the webhooks, and
serves the console.

Run as `python -m local.watch FOLDER ENDPOINT WEBHOOKS_PORT CONSOLE_PORT`.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.console import Console
from local.deploy import STAGE
from local.metrics import Follower
from local.queues import QueueWatch
from local.webhooks import Receiver

LOG_CADENCE = 2.0
QUEUE_CADENCE = 10.0
"""Seconds."""

logger = logging.getLogger("watch")


def repeat(task: Callable[[], int], cadence: float) -> NoReturn:
    """A server that restarts or is busy costs a round, never the watch."""
    while True:
        began = time.monotonic()
        try:
            task()
        except (BotoCoreError, ClientError, OSError) as error:
            logger.warning("a round was lost: %s", type(error).__name__)
        time.sleep(max(0.2, cadence - (time.monotonic() - began)))


def main(folder: Path, endpoint: str, webhooks_port: int, console_port: int) -> None:
    """Serve until the process is ended; every file is whole at any moment."""
    config = Config(connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 1})
    logs, cloudwatch, sqs, cloudfront = (
        boto3.client(service, endpoint_url=endpoint, config=config)
        for service in ("logs", "cloudwatch", "sqs", "cloudfront")
    )
    follower = Follower(logs, cloudwatch, folder / "counted.json")
    queues = QueueWatch(sqs, cloudwatch, endpoint)
    for task, cadence in ((follower.follow, LOG_CADENCE), (queues.publish, QUEUE_CADENCE)):
        threading.Thread(target=repeat, args=(task, cadence), daemon=True).start()
    console = Console(console_port, endpoint, cloudfront, STAGE)
    threading.Thread(target=console.serve_forever, daemon=True).start()
    Receiver(webhooks_port, folder / "webhooks.jsonl").serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
