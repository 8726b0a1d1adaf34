"""S3's events on EventBridge name the object's version, as they do on AWS; ministack 1.5.33 leaves it out."""

import json
import threading
from typing import Any


def amend(s3: Any, eventbridge: Any) -> None:
    """Must run before the first object is written."""
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event
    present = threading.local()

    def fire_s3_event(*arguments: Any, version_id: str | None = None, **named: Any) -> None:
        present.version = version_id
        try:
            fire(*arguments, version_id=version_id, **named)
        finally:
            present.version = None

    def dispatch_event(event: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        version = getattr(present, "version", None)
        if version and event.get("Source") == "aws.s3":
            event = {**event, "Detail": with_version(event["Detail"], version)}
        return dispatch(event, *arguments, **named)

    s3._fire_s3_event, eventbridge._dispatch_event = fire_s3_event, dispatch_event


def with_version(detail: str, version: str) -> str:
    """
    >>> with_version('{"object": {"key": "a"}}', "v1")
    '{"object": {"key": "a", "version-id": "v1"}}'
    """
    content = json.loads(detail)
    content["object"]["version-id"] = version
    return json.dumps(content)
