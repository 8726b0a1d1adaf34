"""Several files at a time, each in a process that may die without taking the others with it."""

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import partial

from medloop.inspection.finding import Finding, from_json, of_error
from medloop.rules.project import Project

WORKER = (sys.executable, "-m", "medloop.inspection.worker")

SILENT_SECONDS = 300.0
"""A file that yields nothing for this long is given up."""

_WAITING = 256

_Waiting = queue.Queue[Finding | Exception | None]
"""Findings, what went wrong with handing files out, and None where a worker has no more to do."""


class Worker:
    """One process that speaks as medloop.inspection.worker does."""

    def __init__(self, project: Project, seconds: float, command: Sequence[str]) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="ascii")
        self._seconds = seconds
        self._hung = False
        self._say(project.model_dump_json())

    def inspect(self, path: str) -> Iterator[Finding]:
        """The path's findings; where the process died or hung, the last of them says so."""
        self._say(json.dumps(path))
        while line := self._reply():
            if not line.strip():
                return
            yield from_json(line)
        yield of_error(path, self._death())

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it died: its silence will tell

    def _reply(self) -> str:
        assert self._process.stdout is not None
        watchdog = threading.Timer(self._seconds, self._give_up)
        watchdog.start()
        try:
            return self._process.stdout.readline()
        finally:
            watchdog.cancel()

    def _give_up(self) -> None:
        self._hung = True
        self._process.kill()

    def _death(self) -> str:
        code = self._process.wait()
        if self._hung:
            return "no_answer"
        return signal.Signals(-code).name if code < 0 else f"exit_{code}"


class Pool:
    """Hands paths to workers; findings come as they are made, so in no order with more than one worker."""

    def __init__(
        self,
        project: Project,
        processes: int = 1,
        seconds: float = SILENT_SECONDS,
        command: Sequence[str] = WORKER,
    ) -> None:
        self._processes = processes
        self._new_worker = partial(Worker, project, seconds, command)

    def findings(self, paths: Iterator[str]) -> Iterator[Finding]:
        waiting: _Waiting = queue.Queue(_WAITING)
        shared = _Shared(paths)
        threads = [
            threading.Thread(target=self._serve, args=(shared, waiting), daemon=True)
            for _ in range(self._processes)
        ]
        for thread in threads:
            thread.start()
        ended = 0
        while ended < len(threads):
            found = waiting.get()
            if isinstance(found, Finding):
                yield found
            elif found is None:
                ended += 1
            else:
                raise found

    def _serve(self, paths: "_Shared", waiting: "_Waiting") -> None:
        worker: Worker | None = None
        try:
            for path in paths:
                worker = worker or self._new_worker()
                for finding in worker.inspect(path):
                    waiting.put(finding)
                if not worker.is_alive():
                    worker.end()
                    worker = None
        except Exception as error:
            waiting.put(error)
        finally:
            if worker is not None:
                worker.end()
            waiting.put(None)


class _Shared:
    """One iterator for several threads."""

    def __init__(self, items: Iterator[str]) -> None:
        self._items, self._lock = items, threading.Lock()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        with self._lock:
            return next(self._items)
