"""Which process belongs to the laptop, and how each one ends."""

import os
import socket
import sys
from pathlib import Path

import psutil
import pytest

from local.processes import (
    MARK,
    Child,
    ProcessFailed,
    choose_port,
    end,
    end_all,
    marked,
    spawn,
    wait_until_answers,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "from signal import *; import time; signal(SIGTERM, SIG_IGN); print('up', flush=True); time.sleep(60)",
]
PARENT = [
    sys.executable,
    "-c",
    f"import subprocess, time; subprocess.Popen({SLEEP!r}); print('up', flush=True); time.sleep(60)",
]


def start(folder: Path, arguments: list[str]) -> Child:
    return spawn("child", arguments, {**os.environ, MARK: str(folder)}, folder, folder / "log")


def wait_for_output(child: Child, folder: Path) -> None:
    log = folder / "log"
    wait_until_answers(child, lambda: log.read_text() == "up\n", log, patience=20)


def test_a_child_is_ended_politely(tmp_path: Path) -> None:
    child = start(tmp_path, SLEEP)
    assert child.alive
    end(child, patience=10)
    assert not child.alive


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    child = start(tmp_path, STUBBORN)
    wait_for_output(child, tmp_path)
    end(child, patience=0.4)
    assert not child.alive


def test_a_childs_children_end_with_it(tmp_path: Path) -> None:
    child = start(tmp_path, PARENT)
    wait_for_output(child, tmp_path)
    assert len(marked(tmp_path)) == 2
    end(child, patience=2)
    assert marked(tmp_path) == []


def test_orphans_are_found_by_their_mark(tmp_path: Path) -> None:
    child = start(tmp_path, PARENT)
    wait_for_output(child, tmp_path)
    os.kill(child.pid, 9)
    end_all(marked(tmp_path), patience=0)
    assert marked(tmp_path) == []


def test_another_process_with_the_same_number_is_not_the_child(tmp_path: Path) -> None:
    stale = Child(name="ministack", pid=os.getpid(), started=psutil.Process().create_time() - 3600)
    assert not stale.alive
    end(stale, patience=1)


def test_a_child_that_dies_at_once_tells_why(tmp_path: Path) -> None:
    child = start(tmp_path, [sys.executable, "-c", "raise SystemExit('no such queue')"])
    with pytest.raises(ProcessFailed, match="no such queue"):
        wait_until_answers(child, lambda: False, tmp_path / "log", patience=20)


def test_a_free_port_is_taken_as_preferred() -> None:
    free = choose_port(0)
    assert choose_port(free) == free


def test_a_port_in_use_is_avoided() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert choose_port(taken.getsockname()[1]) != taken.getsockname()[1]
