"""boto3 clients of this very cloud: as a job's role, or as AWS itself."""

from typing import Any

import boto3
from botocore.config import Config

from local import ministack


def as_role(service: str, role_arn: str, session: str) -> Any:
    return _client(service, ministack.role_credentials(role_arn, session))


def as_aws(service: str) -> Any:
    return _client(service, ministack.root_credentials())


def _client(service: str, credentials: dict[str, str]) -> Any:
    # A session of its own: boto3's shared one may not be used from several threads.
    return boto3.session.Session().client(
        service,
        endpoint_url=ministack.endpoint(),
        region_name=ministack.region(),
        config=Config(
            retries={"total_max_attempts": 4},
            max_pool_connections=32,
            s3={"addressing_style": "path"},
        ),
        **credentials,
    )
