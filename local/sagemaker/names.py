"""Names of things: ARNs, S3 addresses and the present time as SageMaker writes them."""

import re
import time
from datetime import UTC, datetime

from local import ministack
from local.sagemaker.errors import invalid


def arn(kind: str, name: str) -> str:
    """
    >>> arn("endpoint", "chest")
    'arn:aws:sagemaker:us-east-1:000000000000:endpoint/chest'
    """
    return f"arn:aws:sagemaker:{ministack.region()}:{ministack.account()}:{kind}/{name}"


def now() -> float:
    """Seconds since the epoch, as the JSON protocol carries timestamps."""
    return round(time.time(), 3)


def iso(seconds: float) -> str:
    """
    >>> iso(1643150760.608)
    '2022-01-25T22:46:00.608Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def bucket_and_key(uri: str) -> tuple[str, str]:
    """
    >>> bucket_and_key("s3://curated/images/a.npy")
    ('curated', 'images/a.npy')
    """
    match = re.fullmatch(r"s3://([^/]+)/?(.*)", uri, re.DOTALL)
    if match is None:
        raise invalid(f"{uri} is no S3 address.")
    return match[1], match[2]
