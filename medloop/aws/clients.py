"""One boto3 client per service and process, with time-outs and retries that suit a Lambda."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "max_attempts": 5},
    max_pool_connections=32,
)


@cache
def session() -> Any:
    """Our own: boto3's default one may have been made before the command line chose its target."""
    return boto3.Session()


@cache
def client(service: str) -> Any:
    """Region, credentials and endpoint come from the environment, on AWS and on the laptop alike."""
    return session().client(service, config=CONFIG)
