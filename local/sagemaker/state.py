"""Everything SageMaker remembers: one JSON file per resource, replaced whole, read back at the next start."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

Record = dict[str, Any]
"""A resource in the API's own words: what Describe answers, and a few members of ours beside it."""


class Shelf:
    """All resources of one kind, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.records: dict[str, Record] = {}
        for file in sorted(folder.glob("*.json")):
            self.records[unquote(file.stem)] = json.loads(file.read_text())

    def __contains__(self, name: str) -> bool:
        return name in self.records

    def __getitem__(self, name: str) -> Record:
        return self.records[name]

    def get(self, name: str) -> Record | None:
        return self.records.get(name)

    def all(self) -> list[Record]:
        return list(self.records.values())

    def put(self, name: str, record: Record) -> None:
        self.records[name] = record
        write(self._file(name), record)

    def drop(self, name: str) -> None:
        self.records.pop(name, None)
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.folder / f"{quote(name, safe='')}.json"


class State:
    """Every shelf, and the lock under which they change. Nobody holds it while waiting for anything."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lock = threading.RLock()
        self.jobs = Shelf(home / "state" / "training-jobs")
        self.models = Shelf(home / "state" / "models")
        self.configs = Shelf(home / "state" / "endpoint-configs")
        self.endpoints = Shelf(home / "state" / "endpoints")
        self.groups = Shelf(home / "state" / "model-package-groups")
        self.packages = Shelf(home / "state" / "model-packages")
        self.targets = Shelf(home / "state" / "scalable-targets")
        self.policies = Shelf(home / "state" / "scaling-policies")
        self.tags = Shelf(home / "state" / "tags")

    @contextmanager
    def job(self, name: str) -> Iterator[Record]:
        """Change a training job; saved at the end of the block."""
        with self.lock:
            yield self.jobs[name]
            self.jobs.put(name, self.jobs[name])

    @contextmanager
    def endpoint(self, name: str) -> Iterator[Record]:
        """Change an endpoint; saved at the end of the block unless it is deleted there."""
        with self.lock:
            yield self.endpoints[name]
            if name in self.endpoints:
                self.endpoints.put(name, self.endpoints[name])


def write(file: Path, content: object) -> None:
    """A reader, or the next start, finds the old content or the new one, never a half."""
    aside = file.with_name(f"{file.name}.new")
    aside.write_text(json.dumps(content))
    aside.replace(file)
