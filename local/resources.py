"""What a request is about, in IAM's words: where ministack 1.5.33 names more than AWS does, or nothing."""

import json
from collections.abc import Mapping
from typing import Any


def amend(actions: Any) -> None:
    extract = actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, *request: Any) -> str:
        found: str = extract(service, method, path, headers, *request)
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        body, _, region, account = request
        return named(service, action, body, region, account, found)

    actions.extract_resource_arn = extract_resource_arn


def named(service: str, action: str, body: Any, region: str, account: str, found: str) -> str:
    """Alarms by name, a log's stream, the queue that messages are moved from; `found` for all others."""
    if service == "monitoring" and action == "DescribeAlarms":
        names = _fields(body).get("AlarmNames", [])
        return f"arn:aws:cloudwatch:{region}:{account}:alarm:{names[0]}" if len(names) == 1 else found
    if service == "logs" and action == "GetLogEvents":
        stream = _fields(body).get("logStreamName")
        return f"{found}:log-stream:{stream}" if stream else found
    if service == "sqs" and action in ("StartMessageMoveTask", "ListMessageMoveTasks"):
        return str(_fields(body).get("SourceArn", found))
    return found


def _fields(body: Any) -> Mapping[str, Any]:
    content = json.loads(body or "{}")
    return content if isinstance(content, dict) else {}
