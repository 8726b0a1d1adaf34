"""One run at a time below --out, the processes of a killed one included."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from medloop.workbench.failures import Unusable
from medloop.workbench.tree import Tree

PATIENCE: Final = 60.0
"""Seconds: what outlived a killed run has been asked to write a checkpoint and end."""

_PAUSE: Final = 0.2


@contextmanager
def claimed(tree: Tree, waiting: Callable[[], None], patience: float = PATIENCE) -> Iterator[BinaryIO]:
    """The file that stands for the claim: whoever inherits it holds the claim, too, until it ends.

    `waiting` is called once where another run holds it.

    Raises:
        Unusable: it still does after all `patience`.
    """
    tree.job.mkdir(parents=True, exist_ok=True)
    with tree.claim.open("ab") as file:
        deadline, told = time.monotonic() + patience, False
        while not _locked(file):
            if not told:
                waiting()
                told = True
            if time.monotonic() > deadline:
                raise Unusable(f"another run is at work in {tree.out}", "wait for its end, or stop it")
            time.sleep(_PAUSE)
        yield file


def _locked(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
