"""The stand-in for Slack and PagerDuty."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from local.webhooks import Receiver


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with Receiver(0, tmp_path / "webhooks.jsonl") as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{receiver.server_address[1]}"
        receiver.shutdown()
        thread.join()


def post(url: str, body: object = None) -> int:
    """The answer's status."""
    request = Request(url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def received(address: str) -> list[dict[str, object]]:
    with urlopen(address, timeout=5) as answer:
        return list(json.load(answer))


def test_slack_and_pagerduty_answer_as_they_do(address: str) -> None:
    assert post(f"{address}/slack", {"text": "a"}) == 200
    assert post(f"{address}/v2/enqueue", {"routing_key": "k"}) == 202


def test_what_was_posted_is_listed_in_order(address: str, tmp_path: Path) -> None:
    post(f"{address}/slack", {"text": "first"})
    post(f"{address}/slack", {"text": "zweite ä"})
    assert [entry["body"] for entry in received(address)] == [{"text": "first"}, {"text": "zweite ä"}]
    assert len((tmp_path / "webhooks.jsonl").read_text("utf-8").splitlines()) == 2


def test_it_fails_as_often_as_told(address: str) -> None:
    post(f"{address}/_fail?status=503&times=2")
    assert [post(f"{address}/slack") for _ in range(3)] == [503, 503, 200]
    assert len(received(address)) == 1
