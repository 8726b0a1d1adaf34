"""Runs cases of the corpus, several at a time."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator

from medloop.selftest.case import Case
from medloop.selftest.outcome import Outcome


def run(cases: Iterable[Case], processes: int | None = None) -> Iterator[Outcome]:
    """Outcomes as they come, in no order."""
    waiting: queue.Queue[Case] = queue.Queue()
    for case in cases:
        waiting.put(case)
    outcomes: queue.Queue[Outcome | None] = queue.Queue()
    number = max(1, min(processes or os.cpu_count() or 1, waiting.qsize()))
    for _ in range(number):
        threading.Thread(target=_serve, args=(waiting, outcomes), daemon=True).start()
    while number:
        if (outcome := outcomes.get()) is None:
            number -= 1
        else:
            yield outcome


def _serve(waiting: "queue.Queue[Case]", outcomes: "queue.Queue[Outcome | None]") -> None:
    try:
        with _cage() as cage:
            while True:
                outcomes.put(_ask(cage, waiting.get_nowait()))
    except queue.Empty:
        pass
    finally:
        outcomes.put(None)


def _cage() -> "subprocess.Popen[str]":
    # One thread each: what a case costs must not depend on how many cores stand idle.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "medloop.selftest.cage"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)


def _ask(cage: "subprocess.Popen[str]", case: Case) -> Outcome:
    assert cage.stdin is not None and cage.stdout is not None
    try:
        print(case.id, file=cage.stdin, flush=True)
        fields = json.loads(cage.stdout.readline())
    except (BrokenPipeError, json.JSONDecodeError):
        return Outcome(case.id, "", "nothing", ("the cage itself died",), 0.0, 0.0, 0)
    return Outcome(**{**fields, "surprises": tuple(fields["surprises"])})
