"""The training container's own command, run on this machine: its lines, its end, its being stopped."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, Final, TextIO

import medloop
from medloop.workbench.cores import cores
from medloop.workbench.tree import Tree

Show = Callable[[str], None]

Process = subprocess.Popen[bytes]

_CODE: Final = Path(medloop.__file__).resolve().parents[1]
"""Started there, so that no folder called `training` of whoever calls is mistaken for ours."""

_COMMAND: Final = (sys.executable, "-m", "training", "train")

_HERE: Final = "127.0.0.1"

_GLANCE: Final = 0.1
"""Seconds between two looks whether one of several processes failed."""

_PR_SET_PDEATHSIG: Final = 1

_LIBC: Final = ctypes.CDLL(None)


class Interrupted(Exception):
    """The job was asked to stop, and has."""


def environments(tree: Tree, processes: int) -> list[dict[str, str]]:
    """Each process's: its place, as torchrun would tell it.

    A single one is told as well: the container would else take every GPU there is.
    """
    common = {"OMP_NUM_THREADS": str(max(1, cores() // processes))} if processes > 1 else {}
    common |= os.environ
    common |= {"SAGEMAKER_BASE_DIR": str(tree.job), "PYTHONUNBUFFERED": "1", "MASTER_ADDR": _HERE}
    common |= {"MASTER_PORT": str(_free_port()), "WORLD_SIZE": str(processes)}
    common |= {"LOCAL_WORLD_SIZE": str(processes)}
    return [{**common, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(processes)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HERE, 0))
        port: int = probe.getsockname()[1]
        return port


def run(tree: Tree, processes: int, show: Show, stopping: Callable[[], None], claim: BinaryIO) -> int:
    """The exit code. Every line goes to `show` and into the log.

    SIGINT or SIGTERM asks the job to write a checkpoint and end, and `stopping` is called; a second one kills
    it.

    Raises:
        Interrupted: it ended because it was asked to.
    """
    reading, writing = os.pipe()
    team: list[Process] = []
    asked = _Asked(team, stopping)
    with asked.listening(), os.fdopen(reading, errors="replace") as lines:
        team += [_started(told, writing, claim) for told in environments(tree, processes)]
        os.close(writing)
        asked.pass_on()
        watch = threading.Thread(target=_end_together, args=(team,), daemon=True)
        watch.start()
        _follow(lines, show, tree.log)
        watch.join()
    if asked.count:
        raise Interrupted
    # A process that was killed for another's failure has a negative code.
    return max((one.returncode for one in team), key=lambda code: (code > 0, code != 0))


def _started(told: dict[str, str], output: int, claim: BinaryIO) -> Process:
    # Sessions of their own: Ctrl-C reaches this process alone, which asks politely.
    # The claim as standard input: held for as long as any of the job's processes lives.
    return subprocess.Popen(
        _COMMAND,
        cwd=_CODE,
        env=told,
        stdin=claim,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=_asked_to_stop_with_parent,
    )


def _asked_to_stop_with_parent() -> None:
    """Whatever ends this process, the job is told; only Linux offers that."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))


class _Asked:
    """How often the job was asked to stop."""

    def __init__(self, team: Sequence[Process], stopping: Callable[[], None]) -> None:
        self.count = 0
        self._team, self._stopping = team, stopping

    @contextmanager
    def listening(self) -> Iterator[None]:
        before: dict[int, Any] = {
            number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def pass_on(self) -> None:
        for one in self._team:
            if self.count:
                one.send_signal(signal.SIGTERM if self.count == 1 else signal.SIGKILL)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self.pass_on()
        if self.count == 1:
            # Of its own, for what the handler interrupted may be writing to the terminal.
            threading.Thread(target=self._stopping, daemon=True).start()


def _end_together(team: Sequence[Process]) -> None:
    """Where one fails, the others would wait for it."""
    while any(one.poll() is None for one in team):
        if any(one.poll() for one in team):
            for one in team:
                one.kill()
        time.sleep(_GLANCE)


def _follow(lines: TextIO, show: Show, log: Path) -> None:
    # Line by line, so that a kill loses none.
    with log.open("a", buffering=1, encoding="utf-8") as file:
        for line in lines:
            file.write(line)
            show(line.rstrip("\n"))
