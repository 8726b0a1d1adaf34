"""The decoder process as its owner sees it: started at first use, asked, and replaced when it dies."""

import atexit
import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.decoders.wire import Ended, Header, receive_header, send
from medloop.imaging.limits import MAX_VALUES
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

Values = NDArray[Any]

_PACKAGES: Final = str(Path(__file__).parents[3])
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "LANG", "TMPDIR")
"""No credentials among them: a decoder that is taken over has nothing to steal."""

_PIPE_BYTES: Final = 2**20
_TIMERS: Final = {-signal.SIGPROF: "time", -signal.SIGALRM: "time"}
_DTYPES: Final = frozenset({"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8"})


class DecoderProcess:
    """One child, one task at a time; threads wait for each other, and a forked process starts its own."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def run(
        self, task: str, data: bytes | memoryview, facts: Facts, **parameters: Any
    ) -> tuple[Values, Facts]:
        """What the task of medloop.imaging.decoders.tasks returns for `data`.

        Raises:
            Refused: what the task refuses, with `facts` added; UNDECODABLE, fact `error`, where the decoder
                died of it ("crash") or took too long ("time").
        """
        with self._lock:
            child = self._started()
            try:
                send(child.stdin, {"task": task, "parameters": parameters}, memoryview(data))
                reply, size = receive_header(child.stdout)
                if "reason" in reply:
                    raise Refused(Reason(reply["reason"]), {**facts, **reply["facts"]})
                return _received(child, reply, size), reply["facts"]
            except Ended:
                raise Refused(Reason.UNDECODABLE, {**facts, "error": self._ended(child)}) from None
            except Refused:
                raise
            except BaseException:
                self._ended(child)  # interrupted: its reply would be taken for the next file's
                raise

    def close(self) -> None:
        """Let it end; the next task starts another."""
        child, self._child = self._child, None
        if child is not None and self._owner == os.getpid():
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            child.wait()

    def _started(self) -> Any:
        """The child, alive; Any because Popen's pipes are optional to mypy."""
        # A fork has copied this object, but the child listens to its parent alone.
        if self._child is None or self._owner != os.getpid() or self._child.poll() is not None:
            self._child, self._owner = _start(), os.getpid()
        return self._child

    def _ended(self, child: Any) -> str:
        """Why: the words that `run` promises."""
        child.kill()
        code = child.wait()
        self.close()
        return _TIMERS.get(code, "crash")


def _start() -> subprocess.Popen[bytes]:
    path = os.pathsep.join([_PACKAGES, *sys.path])
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    child = subprocess.Popen(
        [sys.executable, "-m", "medloop.imaging.decoders.worker"],
        env={**environment, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    for pipe in (child.stdin, child.stdout):
        _widen(pipe)
    return child


def _widen(pipe: Any) -> None:
    """A picture fits into the pipe, so that neither side waits for the other piece by piece."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _received(child: Any, reply: Header, size: int) -> Values:
    """The reply is held against itself: the process behind it has read a stranger's file."""
    dtype, shape = reply["dtype"], tuple(reply["shape"])
    count = math.prod(shape)
    if dtype not in _DTYPES or count > MAX_VALUES or size != count * np.dtype(dtype).itemsize:
        raise Ended
    values = np.empty(shape, dtype)
    if child.stdout.readinto(values.data.cast("B")) < size:
        raise Ended
    return values


DECODER: Final = DecoderProcess()
atexit.register(DECODER.close)
