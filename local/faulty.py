"""Inside a worker: each call to AWS or PostgreSQL may go wrong, as the plan says.

Imported by ministack's worker script in front of a function's own code, and by nothing else: see `amend`.
"""

import itertools
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from local import faulty_aws, faulty_postgres
from local.faults import FOLDER, Kind, Plan, read_plan

Handler = Callable[[Any, Any], Any]

SEEDED_STEPS = 100

HANGING = 3600.0
"""Seconds; Lambda allows a quarter of them."""

FOLLOW = """
def _follow_plan():
    import sys
    sys.path.append({repository!r})
    from local.faulty import worker
    return worker()
"""


def amend(runtime: Any) -> None:
    """Let ministack's workers follow the plan; called in the gateway, where MEDLOOP_FAULTS is set."""
    repository = str(Path(__file__).resolve().parents[1])
    script: str = runtime._PYTHON_WORKER_SCRIPT
    # After the function's own packages are on the path, before its first client is made.
    before, ready = "    _ms_install_invoke_depth()\n    try:", "handler_fn = getattr(mod, handler_name)"
    script = _replaced(script, before, before.replace("    try:", "    _follow_plan().suffer()\n    try:"))
    script = _replaced(script, ready, "handler_fn = _follow_plan().around(getattr(mod, handler_name))")
    runtime._PYTHON_WORKER_SCRIPT = FOLLOW.format(repository=repository) + script


def _replaced(script: str, old: str, new: str) -> str:
    if script.count(old) != 1:
        raise RuntimeError("ministack's worker script has changed: local/faulty.py no longer fits")
    return script.replace(old, new)


class Worker:
    """One function's process: where it is in its invocation, and what will go wrong next."""

    def __init__(self, folder: Path, function: str) -> None:
        self.folder, self.function = folder, function
        self.number = next(n for n in itertools.count() if _claim(folder / f"worker-{function}-{n}"))
        self.journal = os.open(folder / "journal.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.plan, self.written = Plan(functions=()), 0.0
        self.random = random.Random()
        self.invocation = ""
        """Of a function that is to suffer; "" otherwise, and between two invocations."""
        self.step = 0
        self.crash_at: int | None = None

    def suffer(self) -> None:
        faulty_aws.hook(self)
        faulty_postgres.hook(self)

    def around(self, handler: Handler) -> Handler:
        def handle(event: Any, context: Any) -> Any:
            self._begin(context.aws_request_id)
            try:
                return handler(event, context)
            finally:
                self.invocation = ""

        return handle

    def _begin(self, invocation: str) -> None:
        file = self.folder / "plan.json"
        written = file.stat().st_mtime
        if written != self.written:
            self.plan, self.written = read_plan(file.read_text()), written
            self.random = random.Random(f"{self.plan.seed} {self.function} {self.number}")
        suffers = self.function.endswith(self.plan.functions)
        self.invocation, self.step = invocation if suffers else "", 0
        self.crash_at = self._next_crash() if suffers else None

    def _next_crash(self) -> int | None:
        for step in self.plan.crashes:
            if _claim(self.folder / f"crash-{step}"):
                return step
        if self.random.random() < self.plan.crash_rate:
            return self.random.randrange(1, SEEDED_STEPS)
        return None

    @contextmanager
    def call(self, service: str, name: str) -> Iterator[Kind | None]:
        """Two steps, and the fault that the call is to meet between them."""
        self._take_step(service, name)
        fault = self.fault(service)
        if fault is not None:
            self.note(service, name, fault)
        yield fault
        self._take_step(service, name)

    @property
    def crashes_after_call(self) -> bool:
        """Whether the call at hand is the last that this process makes."""
        return self.crash_at == self.step + 1

    def _take_step(self, service: str, name: str) -> None:
        self.step += 1
        if self.plan.trace:
            self.note(service, name, "step")
        if self.step == self.crash_at:
            self.note(service, name, "crash")
            os.kill(os.getpid(), signal.SIGKILL)

    def fault(self, service: str) -> Kind | None:
        """The next call's."""
        now = time.time()
        if any(service == name and begin <= now < end for name, begin, end in self.plan.outages):
            return "refused"
        drawn = self.random.random()
        for kind, rate in self.plan.rates.get(service, {}).items():
            if drawn < rate:
                return kind
            drawn -= rate
        return None

    def note(self, service: str, name: str, kind: str) -> None:
        """One line, written at once: the next moment may kill this process."""
        entry = {
            "at": time.time(),
            "worker": self.number,
            "invocation": self.invocation,
            "step": self.step,
            "service": service,
            "call": name,
            "kind": kind,
        }
        os.write(self.journal, (json.dumps(entry) + "\n").encode())

    def linger(self, fault: Kind) -> None:
        """For as long as a slow call or a hanging one takes."""
        time.sleep(HANGING if fault == "hang" else self.random.uniform(*self.plan.slowness))


@cache
def worker() -> Worker:
    """This process's."""
    return Worker(Path(os.environ[FOLDER]), os.environ["AWS_LAMBDA_FUNCTION_NAME"])


def _claim(file: Path) -> bool:
    """True for one process only."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True
