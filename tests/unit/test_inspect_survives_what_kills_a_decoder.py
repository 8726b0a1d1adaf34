"""A file that kills or hangs its process is an error of its own; the others are judged all the same."""

import os
import sys
from pathlib import Path

from medloop.cli.inspect import Tally, exit_code
from medloop.inspection.finding import Finding
from medloop.inspection.pool import Pool
from medloop.rules.project import Project
from tests.images import png, ramp

PROJECT = Project(project="chest", classes=("a", "b"))

FAKE = """
import json, os, signal, sys, time
sys.stdin.readline()
for line in sys.stdin:
    path = json.loads(line)
    if path == "kill":
        os.kill(os.getpid(), signal.SIGSEGV)
    if path == "leave":
        sys.exit(3)
    if path == "hang":
        time.sleep(60)
    fields = {"path": path, "verdict": "accepted", "shape": None, "spacing": None, "warnings": []}
    print(json.dumps(fields) + "\\n", flush=True)
"""


def judged(*paths: str, processes: int = 1) -> list[Finding]:
    pool = Pool(PROJECT, processes, seconds=2.0, command=(sys.executable, "-c", FAKE))
    return list(pool.findings(iter(paths)))


def test_a_crash_is_told_by_its_signal_and_the_rest_goes_on() -> None:
    found = judged("a", "kill", "b")
    assert [(finding.path, finding.verdict) for finding in found] == [
        ("a", "accepted"),
        ("kill", "error"),
        ("b", "accepted"),
    ]
    assert found[1].reason == "SIGSEGV"


def test_an_exit_is_told_by_its_status() -> None:
    assert [finding.reason for finding in judged("leave", "a")] == ["exit_3", None]


def test_a_hang_is_ended() -> None:
    found = judged("hang", "a")
    assert [(finding.path, finding.reason) for finding in found] == [("hang", "no_answer"), ("a", None)]


def test_several_at_a_time_lose_nothing() -> None:
    names = [f"file-{number}" for number in range(50)]
    found = judged(*names, "kill", *names, processes=3)
    assert sorted(finding.path for finding in found) == sorted([*names, "kill", *names])


def test_a_pipe_among_the_files_is_left_out(tmp_path: Path) -> None:
    from medloop.inspection.walk import walk

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "photo.png").write_bytes(png(ramp(8, 8, "u1", step=3)))
    assert list(walk([tmp_path])) == [str(tmp_path / "photo.png")]


def test_an_error_of_ours_is_an_exit_status() -> None:
    tally = Tally()
    list(tally.counted([Finding("a", "accepted"), Finding("b", "error", "RecursionError")]))
    assert exit_code(tally, fail=False) == 1
