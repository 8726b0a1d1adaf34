"""The decoder process: `python -m medloop.imaging.decoders.worker`, one task after the other until no more.

It is expendable. The kernel ends it when a task takes too long, its memory is limited, it knows no
credentials, and what native code writes to standard output or error is dropped.
"""

import os
import resource
import signal
import sys
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from medloop.imaging.decoders.tasks import TASKS
from medloop.imaging.decoders.wire import Ended, Header, receive, receive_header, send
from medloop.rules.reasons import Reason, Refused

SECONDS: Final = 1.0
"""Of processor time for any task; decoding at less than half a million values a second adds to it."""

VALUES_PER_SECOND: Final = 500_000

PATIENCE: Final = 10
"""So much longer may it take on the clock: the machine may be busy, or a function frozen."""

MEMORY: Final = 2 * 2**30
"""Bytes of address space beyond those that the process starts with."""


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    while True:
        try:
            request, size = receive_header(requests)
            data = receive(requests, size)
            _answer(request, data, replies)
        except Ended:
            return


def _answer(request: Header, data: bytes, replies: IO[bytes]) -> None:
    parameters: dict[str, Any] = request["parameters"]
    _limit_time(SECONDS + parameters.pop("values", 0) / VALUES_PER_SECOND)
    try:
        values, facts = TASKS[request["task"]](data, **parameters)
    except Refused as refusal:
        send(replies, {"reason": refusal.reason.value, "facts": refusal.facts})
    except Exception as error:  # Whatever a decoder raises, it could not decode; its text quotes the file.
        facts = {"error": type(error).__name__}
        send(replies, {"reason": Reason.UNDECODABLE.value, "facts": facts})
    else:
        values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        header = {"dtype": values.dtype.str, "shape": values.shape, "facts": facts}
        send(replies, header, values.reshape(-1).view(np.uint8).data)
    finally:
        _limit_time(0)


def _limit_time(seconds: float) -> None:
    """SIGPROF and SIGALRM end a process that does not handle them, in native code as well; 0 lifts both."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE * seconds)


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # macOS knows the limit and does not hold to it
        taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))


def _own_output() -> IO[bytes]:
    """Standard output for the replies alone: native code that prints would break into them."""
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return replies


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, whose end is this one's end
    for timer in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(timer, signal.SIG_DFL)  # an owner that ignores them bequeaths that
    _limit_memory()
    serve(sys.stdin.buffer, _own_output())
