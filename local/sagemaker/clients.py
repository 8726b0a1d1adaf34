"""boto3 clients of this very cloud: as a job's role, or as AWS itself."""

from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

from local import ministack


def as_role(service: str, role_arn: str, session: str) -> Any:
    return _client(service, tuple(ministack.role_credentials(role_arn, session).items()))


def as_aws(service: str) -> Any:
    return _client(service, tuple(ministack.root_credentials().items()))


@lru_cache(maxsize=64)
def _client(service: str, credentials: tuple[tuple[str, str], ...]) -> Any:
    """Kept: making one takes a fifth of a second, and threads may share it.

    The session is its own: boto3's default one may not be used from several threads.
    """
    return boto3.session.Session().client(
        service,
        endpoint_url=ministack.endpoint(),
        region_name=ministack.region(),
        config=Config(
            retries={"total_max_attempts": 4},
            max_pool_connections=32,
            s3={"addressing_style": "path"},
        ),
        **dict(credentials),
    )
