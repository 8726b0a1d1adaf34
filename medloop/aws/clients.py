"""One boto3 client per service and process, with time-outs and retries that suit a Lambda."""

from functools import cache
from typing import Any

import boto3
import botocore
from botocore.config import Config
from botocore.handlers import add_expect_header

CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "max_attempts": 5},
    max_pool_connections=32,
    # Given, because botocore would compose its own anew for each call: a sixth of a small call's time.
    user_agent=f"medloop Botocore/{botocore.__version__}",
)


@cache
def session() -> Any:
    """Our own: boto3's default one may have been made before the command line chose its target."""
    return boto3.Session()


@cache
def client(service: str) -> Any:
    """Region, credentials and endpoint come from the environment, on AWS and on the laptop alike."""
    made = session().client(service, config=CONFIG)
    if service == "s3":
        # Bodies are in memory and small: asking S3 for leave to send them costs a round trip per object.
        made.meta.events.unregister("before-call.s3", add_expect_header)
    return made
