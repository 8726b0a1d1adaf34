"""Processes that outlive the command that started them, and are found again when it is time to end them."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

MARK = "MEDLOOP_LAPTOP"
"""This variable holds the laptop's folder in every process of it, down to the last function's worker."""

SAME_START = 2.0
"""Seconds by which two readings of one process's start may differ when the clock is corrected."""

_started: list[subprocess.Popen[bytes]] = []
"""Kept for good: a forgotten Popen warns, and a child that nobody waits for stays a zombie."""


class ProcessFailed(RuntimeError):
    """A process of the laptop ended, or never answered; the text ends with its log's last lines."""


class Child(BaseModel):
    """A process by its number and its start: numbers are reused, the pair is not."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    started: float
    """Seconds since the epoch, as the kernel tells it."""

    def process(self) -> psutil.Process | None:
        """None when it ended, even if another process carries its number by now."""
        with suppress(psutil.Error):
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < SAME_START
            if same and found.status() != psutil.STATUS_ZOMBIE:
                return found
        return None

    @property
    def alive(self) -> bool:
        return self.process() is not None


def spawn(name: str, arguments: list[str], environment: Mapping[str, str], folder: Path, log: Path) -> Child:
    """Start a process in a session of its own: neither Ctrl-C nor a closed terminal reaches it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started.append(process)
    return Child(name=name, pid=process.pid, started=psutil.Process(process.pid).create_time())


def wait_until_answers(child: Child, answers: Callable[[], bool], log: Path, patience: float) -> None:
    """Raises ProcessFailed when the child ends first, or says nothing for `patience` seconds."""
    deadline = time.monotonic() + patience
    while not answers():
        if not child.alive:
            _reap()
            raise ProcessFailed(f"{child.name} ended while starting: {last_words(log)}")
        if time.monotonic() > deadline:
            raise ProcessFailed(f"{child.name} gave no answer in {patience:.0f} s: {last_words(log)}")
        time.sleep(0.1)


def end(child: Child, patience: float) -> None:
    """Ask the child to stop, and wait: it saves its state. Then end whatever is left of its family.

    Half of the patience belongs to the child alone; then its own children are stopped, because a server
    waits for the function that it is running.
    """
    process = child.process()
    if process is None:
        return
    family = _family(process)
    process.send_signal(signal.SIGTERM)
    if _outlive([process], patience / 2):
        _signal(family, signal.SIGTERM)
    end_all([process, *family], patience / 2)


def end_all(processes: Iterable[psutil.Process], patience: float) -> None:
    """Wait for `patience` seconds, then SIGKILL; nobody is left."""
    alive = _outlive(list(processes), patience)
    _signal(alive, signal.SIGKILL)
    _outlive(alive, 5.0)


def marked(home: Path) -> list[psutil.Process]:
    """Every process of this laptop on this machine, also those whose parent died."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == str(home):
                found.append(process)
    return [process for process in found if _is_alive(process)]


def choose_port(preferred: int) -> int:
    """This loopback port if nobody listens there, else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise ProcessFailed("no free port on 127.0.0.1")


def last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-1500:] if log.exists() else "(no log)"


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def _outlive(processes: list[psutil.Process], patience: float) -> list[psutil.Process]:
    """Those that still live after `patience` seconds. A zombie is dead, whoever should have waited for it."""
    deadline = time.monotonic() + patience
    while True:
        _reap()
        alive = [process for process in processes if _is_alive(process)]
        if not alive or time.monotonic() >= deadline:
            return alive
        time.sleep(0.05)


def _reap() -> None:
    """Those of ours that ended do not stay zombies."""
    for mine in _started:
        mine.poll()


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
