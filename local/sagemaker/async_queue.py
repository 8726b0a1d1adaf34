"""Requests of asynchronous endpoints that wait for their answer: on disk from acceptance to notice."""

import json
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import quote

from local.sagemaker.state import Record, write


class AsyncQueue:
    """The oldest request of an endpoint comes first; what was taken and not done waits again at a start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.waiting: dict[str, list[Record]] = {}
        self.taken: dict[str, int] = {}
        self.busy: dict[str, float] = {}
        for file in sorted(folder.glob("*.json")):
            request = json.loads(file.read_text())
            self.waiting.setdefault(request["Endpoint"], []).append({**request, "File": file.name})

    def put(self, request: Record) -> None:
        endpoint = request["Endpoint"]
        name = f"{time.time_ns():020d}-{quote(endpoint, safe='')}-{uuid.uuid4().hex[:8]}.json"
        write(self.folder / name, request)
        with self.lock:
            self.waiting.setdefault(endpoint, []).append({**request, "File": name})

    def take(self, endpoint: str) -> Record | None:
        with self.lock:
            if not self.waiting.get(endpoint):
                return None
            self.taken[endpoint] = self.taken.get(endpoint, 0) + 1
            return self.waiting[endpoint].pop(0)

    def give_back(self, request: Record) -> None:
        """It is still to be answered."""
        with self.lock:
            self.taken[request["Endpoint"]] -= 1
            self.waiting.setdefault(request["Endpoint"], []).insert(0, request)

    def done(self, request: Record) -> None:
        (self.folder / request["File"]).unlink(missing_ok=True)
        with self.lock:
            self.taken[request["Endpoint"]] -= 1
            self.busy[request["Endpoint"]] = time.monotonic()

    def drop(self, endpoint: str) -> None:
        """The endpoint is gone, and its waiting requests with it."""
        with self.lock:
            for request in self.waiting.pop(endpoint, []):
                (self.folder / request["File"]).unlink(missing_ok=True)

    def in_flight(self, endpoint: str) -> int:
        with self.lock:
            return self.taken.get(endpoint, 0)

    def backlog(self, endpoint: str) -> int:
        """Requests accepted and not answered."""
        with self.lock:
            return len(self.waiting.get(endpoint, [])) + self.taken.get(endpoint, 0)

    def endpoints(self) -> list[str]:
        with self.lock:
            return [endpoint for endpoint, requests in self.waiting.items() if requests]
