"""The embedded server: one per folder, reachable by others, gone when told, back after a crash."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from local import postgres

START = "import sys; from pathlib import Path; from local import postgres; "
START += "print(postgres.start(Path(sys.argv[1]), detached=sys.argv[2] == 'detached', durable=False))"


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="medloop ' ") as name:
        yield Path(name)
        postgres.stop(Path(name))


def answers(url: str) -> bool:
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT 1").fetchone() == (1,)


def started_elsewhere(folder: Path, how: str) -> str:
    command = [sys.executable, "-c", START, str(folder), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def server(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "data" / "postmaster.pid").read_text().split("\n")[0]))


def test_a_detached_server_outlives_its_starter_and_leaves_nothing_when_stopped(folder: Path) -> None:
    url = started_elsewhere(folder, "detached")
    assert answers(url)
    assert postgres.start(folder, detached=True, durable=False) == url

    processes = [server(folder), *server(folder).children(recursive=True)]
    postgres.stop(folder)
    assert not postgres.is_running(folder)
    assert psutil.wait_procs(processes, timeout=5)[1] == []
    postgres.stop(folder)


def test_another_server_stops_with_its_starter(folder: Path) -> None:
    started_elsewhere(folder, "attached")
    assert not postgres.is_running(folder)


def test_after_a_kill_it_comes_back_with_its_data(folder: Path) -> None:
    url = postgres.start(folder, detached=True, durable=False)
    with psycopg.connect(url) as conn:
        conn.execute("CREATE TABLE kept (n integer)")
    os.kill(server(folder).pid, signal.SIGKILL)

    with psycopg.connect(postgres.start(folder, detached=True, durable=False)) as conn:
        assert conn.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_stale_lock_that_names_a_living_stranger_is_no_obstacle(folder: Path) -> None:
    postgres.start(folder, detached=True, durable=False)
    postgres.stop(folder)
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n")
    assert not postgres.is_running(folder)
    assert answers(postgres.start(folder, detached=True, durable=False))


def test_a_path_too_long_for_a_socket_works(folder: Path) -> None:
    deep = folder / ("long" * 25)
    assert answers(postgres.start(deep, detached=True, durable=False))
    postgres.stop(deep)


def test_it_takes_two_hundred_connections(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as conn:
        row = conn.execute("SELECT current_setting('max_connections')::int").fetchone()
    assert row is not None and row[0] >= 200
