"""Processes of ours that must not outlive us; after a crash they are known by the folder they work in."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil

from local.sagemaker import settings

# Linux kills the child when the thread that started it ends, so one thread that never ends starts them all.
_starter = ThreadPoolExecutor(1, "sagemaker-starter")

_DIE_WITH_PARENT = """
import ctypes, os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""A threaded server may run nothing between fork and exec: a small process does it, and becomes the child."""

BASE = "SAGEMAKER_BASE_DIR"
"""The container's tree, /opt/ml on AWS; no two containers share one."""

KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "MEDLOOP_LAPTOP",
)
"""All that a container inherits; least of all AWS credentials."""


class Child:
    """A running container."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    @property
    def exit_code(self) -> int | None:
        """As Docker tells it: 137 after SIGKILL. None while it runs."""
        code = self.process.poll()
        return code if code is None or code >= 0 else 128 - code

    def terminate(self) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)

    def end(self, grace: float) -> None:
        """SIGTERM to the command, as SageMaker does; after `grace` seconds SIGKILL to its whole family."""
        self.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        self.bury()

    def bury(self) -> None:
        """End what the command left running: a container ends with its first process."""
        _kill_group(self.process.pid)
        self.process.wait()


def spawn(command: list[str], variables: Mapping[str, str], folder: Path) -> Child:
    """Start a container's command with its output, both streams in one, as a pipe.

    Raises:
        OSError: only if the interpreter cannot start; an unknown command ends with exit code 1.
    """
    return _starter.submit(_spawn, command, variables, folder).result()


def end_leftovers() -> None:
    """Kill what an earlier server left behind, should it have been killed itself."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            folder = process.environ().get(BASE, "")
            if folder and Path(folder).is_relative_to(settings.home()):
                process.kill()


def inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ}


def _spawn(command: list[str], variables: Mapping[str, str], folder: Path) -> Child:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *command],
        cwd=folder,
        env={**inherited(), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    return Child(process)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
