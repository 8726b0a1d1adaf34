"""Stands in for Slack and PagerDuty: keeps what is posted to it, and fails when a test asks it to."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Receiver(ThreadingHTTPServer):
    """Any POST is accepted as PagerDuty does (202) or as Slack does (200, ok), and kept as one JSON line.

    GET / lists what came. POST /_fail?status=500&times=2 makes the next two posts fail with 500.
    """

    daemon_threads = True

    def __init__(self, port: int, kept: Path) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.kept = kept
        self.lock = threading.Lock()
        self.failures: list[int] = []
        """Statuses of the next answers."""

    def keep(self, path: str, body: Any) -> None:
        with self.lock, self.kept.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"path": path, "body": body}, ensure_ascii=False) + "\n")

    def received(self) -> list[Any]:
        with self.lock:
            text = self.kept.read_text("utf-8") if self.kept.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_GET(self) -> None:
        self._answer(200, json.dumps(self.server.received(), ensure_ascii=False))

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("utf-8", errors="replace")
        if url.path == "/_fail":
            self._plan_failures(parse_qs(url.query))
        elif self.server.failures:
            self._answer(self.server.failures.pop(0), "told to fail")
        else:
            self.server.keep(url.path, _parsed(body))
            self._answer(202 if url.path.endswith("/enqueue") else 200, "ok")

    def _plan_failures(self, query: dict[str, list[str]]) -> None:
        status, times = int(query.get("status", ["500"])[0]), int(query.get("times", ["1"])[0])
        self.server.failures[:] = [status] * times
        self._answer(200, f"the next {times} posts fail with {status}")

    def _answer(self, status: int, text: str) -> None:
        payload = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: what came is in the file."""


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return body
