"""Secrets, read once per process and never printed."""

import json
from functools import cache
from typing import Any

from medloop.aws.clients import client


@cache
def secret_text(arn: str) -> str:
    text: str = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return text


def secret_json(arn: str) -> dict[str, Any]:
    content = json.loads(secret_text(arn))
    if not isinstance(content, dict):
        raise ValueError("the secret must hold a JSON object")
    return content
