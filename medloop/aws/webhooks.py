"""Posts to Slack and PagerDuty."""

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen


class NotDelivered(RuntimeError):
    """The receiver refused or did not answer; the alert stays in its queue and is tried again.

    Carries the status only: the address holds a credential.
    """


def post(url: str, body: dict[str, Any], timeout: float = 10.0) -> None:
    """Raises NotDelivered, also for an address that is not http(s)."""
    if urlsplit(url).scheme not in ("https", "http"):
        raise NotDelivered("the webhook's address is not https")
    request = Request(url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=timeout):
            return
    except HTTPError as error:
        raise NotDelivered(f"status {error.code}") from None
    except (URLError, TimeoutError, OSError) as error:
        raise NotDelivered(type(error).__name__) from None
